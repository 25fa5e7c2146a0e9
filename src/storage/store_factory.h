// SPDX-License-Identifier: Apache-2.0
//
// Makes ObjectStores: one for everything a configuration may name, which sends each location to the
// store of its scheme, and one for a single table of a catalog that hands out storage credentials.
// Made stores are safe for concurrent use; everything in StoreContext outlives them.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.h"
#include "core/random.h"
#include "core/result.h"
#include "net/aws_credentials.h"
#include "net/http_client.h"
#include "storage/object_store.h"
#include "telemetry/metrics.h"

namespace kafka_iceberg::storage {

struct StoreContext {
  net::HttpClient& http;
  Clock& clock;
  Random& random;
  telemetry::Metrics& metrics;
};

// As in a catalog's section of the configuration; what is empty comes from the catalog's answer,
// then from the AWS chain.
struct StoreOptions {
  std::string s3_endpoint;
  std::string s3_region;
  std::string s3_access_key;
  std::string s3_secret_key;
  std::string s3_session_token;
  std::optional<bool> s3_path_style;  // absent: true with an endpoint, false without
  std::string s3_server_side_encryption;
  std::string s3_kms_key_id;
  net::AwsChainOptions aws;
  // When set, used instead of keys and chain (a role assumed for the whole catalog).
  std::shared_ptr<net::AwsCredentialsProvider> aws_credentials;
};

// What a catalog said about reaching one table's files (REST: `config`, `storage-credentials`).
struct TableAccess {
  struct Credential {
    std::string prefix;  // the longest one that contains a location wins, whole path segments only
    std::map<std::string, std::string> config;
  };
  std::map<std::string, std::string> config;  // s3.access-key-id, s3.endpoint, client.region, ...
  std::vector<Credential> credentials;
};

// Schemes served: file, s3 (s3a, s3n). A location of another scheme gets kUnsupported, with those
// that are served in the message.
Result<std::unique_ptr<ObjectStore>> MakeStore(const StoreOptions& options,
                                               const StoreContext& context);

// Settings of `options` win over those of `access`, except that vended credentials win over the
// AWS chain. `refresh` is asked for new access before the old one expires and after a refusal.
Result<std::unique_ptr<ObjectStore>> MakeTableStore(const StoreOptions& options,
                                                    const StoreContext& context, TableAccess access,
                                                    std::function<Result<TableAccess>()> refresh);

}  // namespace kafka_iceberg::storage
