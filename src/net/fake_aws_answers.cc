// SPDX-License-Identifier: Apache-2.0
#include "net/fake_aws_answers.h"

#include <fmt/format.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace kafka_iceberg::net {

HttpResponse StsAnswer(std::string_view action, std::string_view access_key_id) {
  return {.status = 200,
          .body = fmt::format(
              "<?xml version=\"1.0\"?>\n<{0}Response xmlns=\"https://sts.amazonaws.com/doc/\">"
              "<{0}Result><Credentials><AccessKeyId>{1}</AccessKeyId>"
              "<SecretAccessKey>secret&amp;1</SecretAccessKey><SessionToken>session</SessionToken>"
              "<Expiration>2026-01-08T15:30:00Z</Expiration></Credentials></{0}Result>"
              "</{0}Response>",
              action, access_key_id)};
}

std::string StsError(std::string_view code, std::string_view message) {
  return fmt::format(
      "<ErrorResponse><Error><Type>Sender</Type><Code>{}</Code><Message>{}</Message></Error>"
      "</ErrorResponse>",
      code, message);
}

HttpResponse MetadataAnswer(std::string_view access_key_id) {
  return {.status = 200,
          .body = fmt::format(R"({{"Code":"Success","AccessKeyId":"{}","SecretAccessKey":"s",)"
                              R"("Token":"t","Expiration":"2026-01-08T15:30:00Z"}})",
                              access_key_id)};
}

AwsChainTest::AwsChainTest() { SetEnvironment({}); }

void AwsChainTest::SetEnvironment(std::map<std::string, std::string> environment) {
  options_.environment = std::move(environment);
  options_.environment.try_emplace("HOME", folder_.path());
}

std::string AwsChainTest::Write(std::string_view name, std::string_view text) {
  const std::filesystem::path file = std::filesystem::path(folder_.path()) / name;
  std::filesystem::create_directories(file.parent_path());
  std::ofstream(file, std::ios::binary) << text;
  return file.string();
}

}  // namespace kafka_iceberg::net
