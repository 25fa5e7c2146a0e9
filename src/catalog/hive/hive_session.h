// SPDX-License-Identifier: Apache-2.0
//
// One connection to a Hive metastore: plain, buffered, binary protocol, with limits on what a
// server may send. Owned by a HiveClient; used by one thread at a time.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/clock.h"
#include "core/result.h"

namespace kafka_iceberg::catalog {

namespace hms {
class HiveMetastoreIf;
}  // namespace hms

struct HiveAddress {
  std::string host;
  int port = 9083;

  friend bool operator==(const HiveAddress&, const HiveAddress&) = default;
};

// "thrift://a:9083,thrift://b"; kInvalid names the part that is wrong.
Result<std::vector<HiveAddress>> ParseHiveUris(std::string_view uris);

class HiveSession {
 public:
  // kUnavailable, kTimeout
  static Result<std::unique_ptr<HiveSession>> Open(const HiveAddress& address,
                                                   Duration connect_timeout, Clock& clock);
  ~HiveSession();
  HiveSession(const HiveSession&) = delete;
  HiveSession& operator=(const HiveSession&) = delete;

  // For one call, which ends within `limit` even if the answer drips in byte by byte. The calls
  // throw; hive_error.h judges what.
  hms::HiveMetastoreIf& ClientFor(Duration limit);
  // Whether the server has not closed it meanwhile; no waiting.
  bool IsUsable() const;

 private:
  struct State;
  explicit HiveSession(std::unique_ptr<State> state);

  const std::unique_ptr<State> state_;
};

}  // namespace kafka_iceberg::catalog
