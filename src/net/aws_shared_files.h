// SPDX-License-Identifier: Apache-2.0
//
// The two files that AWS's tools share (~/.aws/credentials, ~/.aws/config), read and merged. The
// parser is pure; reading is bounded.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "core/result.h"

namespace kafka_iceberg::net {

using Environment = std::map<std::string, std::string>;
using AwsProfile = std::map<std::string, std::string>;  // keys in lower case
using AwsProfiles = std::map<std::string, AwsProfile>;

// The value of a variable; empty when it is not set.
std::string Variable(const Environment& environment, const std::string& name);

// `has_prefix`: sections are called "profile NAME" (except "default"), as in the config file; all
// others are skipped. Indented lines belong to nested settings and are skipped too. Later lines
// win. kInvalid: the line number, never its text.
Result<AwsProfiles> ParseAwsFile(std::string_view text, bool has_prefix);

// Both files, from AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE or below HOME; what the
// credentials file says wins. Files that do not exist are empty. kInvalid names the file.
Result<AwsProfiles> ReadAwsProfiles(const Environment& environment);

// The whole file, at most `bytes_max` bytes. kNotFound; kDenied: it may not be read or is larger.
Result<std::string> ReadSmallFile(const std::string& file, size_t bytes_max);

}  // namespace kafka_iceberg::net
