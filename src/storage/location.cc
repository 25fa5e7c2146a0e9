// SPDX-License-Identifier: Apache-2.0
#include "storage/location.h"

#include <algorithm>
#include <filesystem>

namespace kafka_iceberg::storage {

namespace {

constexpr size_t kLocationBytesMax = 4096;

bool IsSchemeCharacter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-';
}

// "s3" of "s3://bucket"; empty for a plain path. One letter is not a scheme (and a path may contain
// a colon).
std::string_view SchemeOf(std::string_view text) {
  const size_t colon = text.find(":/");
  if (colon == std::string_view::npos || colon < 2) return {};
  for (const char c : text.substr(0, colon)) {
    if (!IsSchemeCharacter(c)) return {};
  }
  return text.substr(0, colon);
}

Status CheckText(std::string_view text) {
  if (text.empty()) return Error::Invalid("location is empty");
  if (text.size() > kLocationBytesMax) {
    return Error::Invalid("location of {} bytes is longer than {}", text.size(), kLocationBytesMax);
  }
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      return Error::Invalid("location contains the control character 0x{:02x}",
                            static_cast<unsigned char>(c));
    }
  }
  return {};
}

// The levels of `path`, each with a slash in front; empty for the root.
Result<std::string> CleanPath(std::string_view path, std::string_view whole) {
  std::string clean;
  while (!path.empty()) {
    const size_t slash = path.find('/');
    const std::string_view level = path.substr(0, slash);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
    if (level.empty() || level == ".") continue;
    if (level == "..") {
      return Error::Invalid("location {} contains '..': write the path without it", whole);
    }
    clean.append("/").append(level);
  }
  return clean;
}

Result<std::string> AbsolutePath(std::string_view path) {
  if (path.starts_with('/')) return std::string(path);
  std::error_code error;
  const std::filesystem::path directory = std::filesystem::current_path(error);
  if (error)
    return Error::Io("cannot tell the working directory for {}: {}", path, error.message());
  return directory.string() + "/" + std::string(path);
}

// How much of a location is its top: "file:///", "s3://bucket", "/".
size_t RootBytes(std::string_view location) {
  const std::string_view scheme = SchemeOf(location);
  if (scheme.empty()) return location.starts_with('/') ? 1 : 0;
  const size_t path = scheme.size() + 1;
  if (!location.substr(path).starts_with("//")) return path + 1;  // "file:/"
  if (location.substr(path).starts_with("///")) return path + 3;
  return std::min(location.find('/', path + 2), location.size());
}

std::string_view WithoutTrailingSlashes(std::string_view location) {
  const size_t root_bytes = RootBytes(location);
  while (location.size() > root_bytes && location.ends_with('/')) location.remove_suffix(1);
  return location;
}

}  // namespace

Result<std::string> NormalizeLocation(std::string_view text) {
  TRY(CheckText(text));
  if (SchemeOf(text).empty()) {
    const std::string path = TRY(CleanPath(TRY(AbsolutePath(text)), text));
    return "file://" + (path.empty() ? std::string("/") : path);
  }
  const LocationParts parts = TRY(SplitLocation(text));
  const std::string path = TRY(CleanPath(parts.path, text));
  if (parts.scheme == "file") return "file://" + (path.empty() ? std::string("/") : path);
  if (parts.authority.empty()) return Error::Invalid("location {} names no bucket", text);
  return fmt::format("{}://{}{}", parts.scheme, parts.authority, path);
}

Result<LocationParts> SplitLocation(std::string_view location) {
  TRY(CheckText(location));
  const std::string_view scheme = SchemeOf(location);
  LocationParts parts;
  if (scheme.empty()) {
    if (!location.starts_with('/')) {
      return Error::Invalid("location {} is neither a URI nor an absolute path", location);
    }
    parts = {"file", {}, location};
  } else {
    std::string_view rest = location.substr(scheme.size() + 1);
    parts.scheme = scheme;
    if (rest.starts_with("//")) {
      rest.remove_prefix(2);
      const size_t slash = rest.find('/');
      parts.authority = rest.substr(0, slash);
      rest = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
    }
    parts.path = rest;
  }
  if (parts.scheme == "file" && !parts.authority.empty() && parts.authority != "localhost") {
    return Error::Invalid("location {} is on another host: write file:///{}{} for a local path",
                          location, parts.authority, parts.path);
  }
  TRY(CleanPath(parts.path, location));
  return parts;
}

Result<std::string> LocalPath(std::string_view location) {
  const LocationParts parts = TRY(SplitLocation(location));
  if (parts.scheme != "file") return Error::Unsupported("{} is not on the local disk", location);
  return parts.path.empty() ? std::string("/") : std::string(parts.path);
}

std::string JoinLocation(std::string_view folder, std::string_view name) {
  folder = WithoutTrailingSlashes(folder);
  while (name.starts_with('/')) name.remove_prefix(1);
  return fmt::format("{}{}{}", folder, folder.ends_with('/') ? "" : "/", name);
}

std::string_view ParentLocation(std::string_view location) {
  location = WithoutTrailingSlashes(location);
  const size_t root_bytes = RootBytes(location);
  if (location.size() <= root_bytes) return location;
  const size_t slash = location.rfind('/');
  return location.substr(0, std::max(slash, root_bytes));
}

std::string_view FileName(std::string_view location) {
  const size_t slash = location.rfind('/');
  return slash == std::string_view::npos ? location : location.substr(slash + 1);
}

bool IsBelow(std::string_view location, std::string_view folder) {
  const std::string first = JoinLocation(folder, "");
  return location.size() > first.size() && location.starts_with(first);
}

}  // namespace kafka_iceberg::storage
