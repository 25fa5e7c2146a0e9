// SPDX-License-Identifier: Apache-2.0
//
// What a REST catalog is told and what it works with. Options are values; everything a context
// refers to outlives the catalog and its tables and is safe for concurrent use.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/random.h"
#include "core/result.h"
#include "net/aws_credentials.h"
#include "net/http_client.h"
#include "net/http_retry.h"
#include "net/token_source.h"
#include "storage/store_factory.h"
#include "telemetry/metrics.h"

namespace kafka_iceberg::catalog {

struct RestCatalogOptions {
  std::string uri;        // "https://host/api/catalog", with or without a slash at the end
  std::string warehouse;  // as the server calls it; may be empty
  std::vector<net::HttpHeader> headers;  // with every request: a tenant, a realm
  // Ask the server for credentials to each table's files; for users without keys of their own.
  bool vended_credentials = true;
  Duration request_timeout = std::chrono::seconds(30);
  net::HttpRetryOptions reads;            // nothing but reads is ever sent twice
  std::string catalog_type = "rest";      // in metrics
  int64_t reply_bytes_max = 512LL << 20;  // a table with 100,000 snapshots stays below 200 MB
};

struct RestSigning {
  std::shared_ptr<net::AwsCredentialsProvider> credentials;
  std::string region;
  std::string service = "execute-api";  // or "glue", "s3tables"
};

// Makes the store of one table from what the catalog said about reaching its files; the function it
// is given asks the catalog again.
using TableStoreMaker = std::function<Result<std::unique_ptr<storage::ObjectStore>>(
    storage::TableAccess access, std::function<Result<storage::TableAccess>()> refresh)>;

struct RestCatalogContext {
  net::HttpClient& http;
  Clock& clock;
  Random& random;
  telemetry::Metrics& metrics;
  TableStoreMaker make_store;
  std::shared_ptr<net::TokenSource> token;  // null: no bearer token
  std::optional<RestSigning> signing;       // instead of a token
};

}  // namespace kafka_iceberg::catalog
