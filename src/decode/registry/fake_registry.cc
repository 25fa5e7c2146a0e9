// SPDX-License-Identifier: Apache-2.0
#include "decode/registry/fake_registry.h"

#include <nlohmann/json.hpp>

namespace kafka_iceberg::decode {

RegistryOptions FakeRegistry::Options() const {
  RegistryOptions options;
  options.urls = {kFakeRegistryUrl};
  return options;
}

double FakeRegistry::Counted(const std::string& result) {
  return metrics->GetCounter("kafka_iceberg_schema_registry_requests_total", {{"result", result}})
      .value();
}

double FakeRegistry::Hits(const std::string& cache) {
  return metrics->GetCounter("kafka_iceberg_schema_cache_hits_total", {{"cache", cache}}).value();
}

Result<net::HttpResponse> FakeRegistry::Answer(const net::SentRequest& sent) const {
  if (intercept) {
    if (auto answer = intercept(sent)) return *std::move(answer);
  }
  const std::string url = kFakeRegistryUrl;
  const auto found =
      sent.url.starts_with(url) ? bodies.find(sent.url.substr(url.size())) : bodies.end();
  if (found == bodies.end()) return FakeAnswer(404, R"({"error_code":40403,"message":"x"})");
  return FakeAnswer(200, found->second);
}

net::HttpResponse FakeAnswer(int status, std::string body) {
  return {.status = status, .headers = {}, .body = std::move(body)};
}

std::string FakeSchemaBody(const std::string& text, const std::string& type,
                           const std::string& references) {
  return nlohmann::json{
      {"schema", text}, {"schemaType", type}, {"references", nlohmann::json::parse(references)}}
      .dump();
}

std::string FakeReferences(const std::vector<std::string>& names) {
  auto list = nlohmann::json::array();
  for (const std::string& name : names)
    list.push_back({{"name", name}, {"subject", name}, {"version", 1}});
  return list.dump();
}

std::string FakeSubjectPath(const std::string& subject) {
  return "/subjects/" + net::PercentEncode(subject) + "/versions/1?deleted=true";
}

}  // namespace kafka_iceberg::decode
