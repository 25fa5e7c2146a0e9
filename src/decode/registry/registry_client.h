// SPDX-License-Identifier: Apache-2.0
//
// RegistryClient: gets one schema from whichever of a registry's addresses answers: fail-over,
// retries within a deadline, a circuit breaker for each address, credentials, metrics. Keeps
// nothing. Safe for concurrent use.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/circuit_breaker.h"
#include "core/result.h"
#include "decode/registry/registry_answer.h"
#include "decode/registry/registry_options.h"

namespace kafka_iceberg::decode {

struct RegistryCall {
  std::string path;  // after the registry's URL, percent-encoded
  AskedFor asked;
};

class RegistryClient {
 public:
  // kInvalid: no URL, or one that cannot be used; two kinds of credentials.
  static Result<std::unique_ptr<RegistryClient>> Open(RegistryOptions options,
                                                      RegistryContext context);

  // As RegistryAnswer::schema. kUnavailable at once when every circuit is open.
  Result<RegistrySchema> Get(const RegistryCall& call, SteadyTime deadline);
  // The first URL, always written the same way.
  const std::string& url() const { return servers_.front().url; }

 private:
  struct Server {
    std::string url;  // without a slash at the end
    std::string name;
    std::unique_ptr<CircuitBreaker> breaker;
  };
  struct Attempt {
    RegistryAnswer answer;
    Duration wait = Duration::zero();  // what the server asked for
  };

  RegistryClient(RegistryOptions options, RegistryContext context, std::vector<Server> servers)
      : options_(std::move(options)), context_(context), servers_(std::move(servers)) {}

  // Every address once, until one has an answer.
  Attempt AskAll(const RegistryCall& call, SteadyTime deadline);
  // Nothing when its circuit is open.
  std::optional<Attempt> Ask(Server& server, const RegistryCall& call, SteadyTime deadline);
  Result<net::HttpResponse> Send(const std::string& url, SteadyTime deadline);
  Result<net::HttpResponse> SendAs(const std::string& url, const std::string& authorization,
                                   SteadyTime deadline);
  Error AllOpen() const;

  const RegistryOptions options_;
  const RegistryContext context_;
  std::vector<Server> servers_;  // not changed after Open
};

}  // namespace kafka_iceberg::decode
