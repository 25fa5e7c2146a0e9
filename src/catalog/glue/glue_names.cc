// SPDX-License-Identifier: Apache-2.0
#include "catalog/glue/glue_names.h"

#include <algorithm>

#include "catalog/name_rules.h"

namespace kafka_iceberg::catalog {
namespace {

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }

bool IsPlain(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

Status CheckCase(std::string_view name, std::string_view what) {
  if (std::ranges::none_of(name, IsUpper)) return {};
  return Error::Invalid("{} name '{}' has upper-case letters, which Glue does not keep", what,
                        name);
}

}  // namespace

Status CheckGlueNamespace(const Namespace& name) {
  TRY(ValidateNamespace(name));
  if (name.size() > 1) {
    return Error::Unsupported("namespace has {} levels: a Glue database has one", name.size());
  }
  return CheckCase(name.front(), "database");
}

Status CheckGlueIdentifier(const TableIdentifier& identifier) {
  TRY(ValidateIdentifier(identifier));
  TRY(CheckGlueNamespace(identifier.name_space));
  return CheckCase(identifier.name, "table");
}

Status CheckNewGlueName(std::string_view name, std::string_view what) {
  if (std::ranges::all_of(name, IsPlain)) return {};
  return Error::Invalid("{} name '{}': Glue wants lower-case letters, digits and underscores", what,
                        name);
}

}  // namespace kafka_iceberg::catalog
