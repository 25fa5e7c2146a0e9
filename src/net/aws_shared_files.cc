// SPDX-License-Identifier: Apache-2.0
#include "net/aws_shared_files.h"

#include <cerrno>
#include <fstream>
#include <system_error>

#include "net/http_text.h"

namespace kafka_iceberg::net {

namespace {

constexpr size_t kFileBytesMax = 1 << 20;

// The profile that a section's title means; empty: none.
std::string ProfileName(std::string_view title, bool has_prefix) {
  title = Trim(title);
  if (!has_prefix || title == "default") return std::string(title);
  constexpr std::string_view kPrefix = "profile";
  if (!title.starts_with(kPrefix) || title.size() == kPrefix.size()) return "";
  title.remove_prefix(kPrefix.size());
  if (title.front() != ' ' && title.front() != '\t') return "";
  return std::string(Trim(title));
}

// A comment at the end of a line needs a space before it: keys may hold '#'.
std::string_view WithoutComment(std::string_view value) {
  for (const std::string_view mark : {" #", " ;", "\t#", "\t;"})
    value = value.substr(0, value.find(mark));
  return Trim(value);
}

Result<AwsProfiles> ReadProfiles(const std::string& file, bool has_prefix) {
  auto text = ReadSmallFile(file, kFileBytesMax);
  if (!text.ok()) {
    if (text.error().code() == ErrorCode::kNotFound) return AwsProfiles{};
    return std::move(text).error();
  }
  auto profiles = ParseAwsFile(*text, has_prefix);
  if (!profiles.ok()) return profiles.error().WithContext(file);
  return profiles;
}

}  // namespace

std::string Variable(const Environment& environment, const std::string& name) {
  const auto found = environment.find(name);
  return found == environment.end() ? "" : found->second;
}

Result<AwsProfiles> ParseAwsFile(std::string_view text, bool has_prefix) {
  AwsProfiles profiles;
  AwsProfile* current = nullptr;
  for (int number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const bool is_indented = line.starts_with(' ') || line.starts_with('\t');
    line = Trim(line);
    if (line.empty() || line.front() == '#' || line.front() == ';' || is_indented) continue;
    if (line.front() == '[') {
      const size_t close = line.find(']');
      if (close == std::string_view::npos)
        return Error::Invalid("line {}: a section title without ']'", number);
      const std::string name = ProfileName(line.substr(1, close - 1), has_prefix);
      current = name.empty() ? nullptr : &profiles[name];
      continue;
    }
    const size_t equals = line.find('=');
    if (equals == std::string_view::npos)
      return Error::Invalid("line {}: neither a section nor key = value", number);
    if (current != nullptr)
      (*current)[ToLower(Trim(line.substr(0, equals)))] = WithoutComment(line.substr(equals + 1));
  }
  return profiles;
}

Result<AwsProfiles> ReadAwsProfiles(const Environment& environment) {
  const std::string home = Variable(environment, "HOME");
  std::string credentials_file = Variable(environment, "AWS_SHARED_CREDENTIALS_FILE");
  std::string config_file = Variable(environment, "AWS_CONFIG_FILE");
  if (credentials_file.empty() && !home.empty()) credentials_file = home + "/.aws/credentials";
  if (config_file.empty() && !home.empty()) config_file = home + "/.aws/config";
  AwsProfiles profiles;
  if (!config_file.empty()) profiles = TRY(ReadProfiles(config_file, true));
  if (credentials_file.empty()) return profiles;
  for (auto& [name, settings] : TRY(ReadProfiles(credentials_file, false))) {
    for (auto& [key, value] : settings) profiles[name][key] = value;
  }
  return profiles;
}

Result<std::string> ReadSmallFile(const std::string& file, size_t bytes_max) {
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    const int error_number = errno;
    const std::string reason = std::generic_category().message(error_number);
    if (error_number == ENOENT || error_number == ENOTDIR)
      return Error::NotFound("cannot read {}: {}", file, reason);
    return Error::Denied("cannot read {}: {}", file, reason);
  }
  std::string text(bytes_max + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return Error::Denied("cannot read {}: it is no regular file", file);
  text.resize(static_cast<size_t>(stream.gcount()));
  if (text.size() > bytes_max)
    return Error::Denied("cannot read {}: larger than {} bytes", file, bytes_max);
  return text;
}

}  // namespace kafka_iceberg::net
