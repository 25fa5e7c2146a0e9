// SPDX-License-Identifier: Apache-2.0
//
// RestClient sends a catalog's requests: with its headers, its bearer token or AWS signature, and
// never more often than is safe. One for each catalog, shared with its tables; safe for concurrent
// use.
#pragma once

#include <string>
#include <vector>

#include "catalog/rest/rest_options.h"
#include "core/result.h"
#include "net/http_client.h"

namespace kafka_iceberg::catalog {

struct RestCall {
  std::string method = "GET";
  std::string url;
  std::string body;             // JSON
  std::string idempotency_key;  // empty: none
  bool wants_credentials = false;
};

class RestClient {
 public:
  RestClient(const RestCatalogOptions& options, const RestCatalogContext& context)
      : options_(options), context_(context) {}

  // Sends once. Once more only after the server refused to know us (401, 419; with signatures 401,
  // 403) and there is another token or key to be had: such an answer proves that nothing was done,
  // so this is right for a commit too. Any status is an answer. Errors:
  //   kUnavailable  nothing was sent (no connection, no token to be had now)
  //   kDenied       nothing was sent: no token is given to us, or a certificate was refused
  //   kInvalid      nothing was sent: the request cannot be
  //   kTimeout      may have been sent, no whole answer
  Result<net::HttpResponse> Send(const RestCall& call);
  // As Send, and again after trouble that passes: for calls that change nothing.
  Result<net::HttpResponse> Read(const RestCall& call);

 private:
  // Who we say we are in one request.
  struct Authority {
    std::string token;
    net::AwsCredentials aws;
  };

  Result<Authority> Authorize();
  Result<net::HttpResponse> SendAs(const RestCall& call, const Authority& authority);
  bool HasOther(int status, const Authority& refused);
  void Redact(const Authority& authority, std::string& body) const;

  const RestCatalogOptions options_;
  const RestCatalogContext context_;
};

}  // namespace kafka_iceberg::catalog
