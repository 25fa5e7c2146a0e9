// SPDX-License-Identifier: Apache-2.0
#include "catalog/name_rules.h"

#include "storage/location.h"

namespace kafka_iceberg::catalog {

namespace {

constexpr size_t kLevelsMax = 16;
constexpr size_t kLevelBytesMax = 200;

Status ValidateLevel(std::string_view level, std::string_view what) {
  if (level.empty()) return Error::Invalid("{} has an empty name", what);
  if (level.size() > kLevelBytesMax) {
    return Error::Invalid("{} name of {} bytes is longer than {}", what, level.size(),
                          kLevelBytesMax);
  }
  if (level.starts_with('.')) return Error::Invalid("{} name '{}' begins with a dot", what, level);
  for (const char c : level) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      return Error::Invalid("{} name contains the control character 0x{:02x}", what, byte);
    }
    if (c == '/' || c == '\\' || c == '?' || c == '#') {
      return Error::Invalid("{} name '{}' contains '{}', which cannot be part of a folder name",
                            what, level, c);
    }
  }
  return {};
}

}  // namespace

Status ValidateNamespace(const Namespace& name) {
  if (name.empty()) return Error::Invalid("namespace has no level");
  if (name.size() > kLevelsMax)
    return Error::Invalid("namespace has {} levels, more than {}", name.size(), kLevelsMax);
  for (const std::string& level : name) TRY(ValidateLevel(level, "namespace"));
  return {};
}

Status ValidateIdentifier(const TableIdentifier& identifier) {
  TRY(ValidateNamespace(identifier.name_space));
  return ValidateLevel(identifier.name, "table");
}

std::string NamespaceLocation(std::string_view warehouse, const Namespace& name) {
  std::string location(warehouse);
  for (const std::string& level : name) location = storage::JoinLocation(location, level);
  return location;
}

std::string TableLocation(std::string_view warehouse, const TableIdentifier& identifier) {
  return storage::JoinLocation(NamespaceLocation(warehouse, identifier.name_space),
                               identifier.name);
}

}  // namespace kafka_iceberg::catalog
