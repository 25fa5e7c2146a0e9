// SPDX-License-Identifier: Apache-2.0
//
// A schema registry for tests: answers by path, may be away or slow, and everything its client
// needs around it. Set up by the test's thread before requests are made; requests may be
// concurrent.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/fake_clock.h"
#include "decode/registry/registry_options.h"
#include "net/fake_http_client.h"
#include "telemetry/fake_telemetry.h"

namespace kafka_iceberg::decode {

inline constexpr const char* kFakeRegistryUrl = "https://registry.test/api";

class FakeRegistry {
 public:
  // Instead of the answers below, for requests it has something to say about.
  std::function<std::optional<Result<net::HttpResponse>>(const net::SentRequest&)> intercept;
  std::map<std::string, std::string> bodies;  // by path after the URL's own; others are 40403

  RegistryOptions Options() const;
  RegistryContext Context() { return {http, clock, random, logger, *metrics}; }
  int requests() const { return static_cast<int>(http.sent().size()); }
  double Counted(const std::string& result);
  double Hits(const std::string& cache);

  FakeClock clock;
  SeededRandom random{7};
  telemetry::FakeLogger logger;
  std::unique_ptr<telemetry::Metrics> metrics = telemetry::MakeMetrics();
  net::FakeHttpClient http{[this](const net::SentRequest& sent) { return Answer(sent); }};

 private:
  Result<net::HttpResponse> Answer(const net::SentRequest& sent) const;
};

net::HttpResponse FakeAnswer(int status, std::string body = "");
// {"schema": text, "schemaType": type, "references": references}; the latter as JSON.
std::string FakeSchemaBody(const std::string& text, const std::string& type = "AVRO",
                           const std::string& references = "[]");
// [{"name": name, "subject": name, "version": 1}, ...]
std::string FakeReferences(const std::vector<std::string>& names);
// The path of version 1 of a subject.
std::string FakeSubjectPath(const std::string& subject);

}  // namespace kafka_iceberg::decode
