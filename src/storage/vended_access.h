// SPDX-License-Identifier: Apache-2.0
//
// VendedAccess: what a catalog said about reaching one table's files, kept fresh: asked again five
// minutes before the credentials expire (halfway through shorter lives) and after a refusal, once
// for all callers. Safe for concurrent use. Internal to storage/.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "core/mutex.h"
#include "storage/store_factory.h"

namespace kafka_iceberg::storage {

using AccessConfig = std::map<std::string, std::string>;

// Whether `prefix` of a credential covers `location`, by whole path segments ("s3" covers all of
// S3).
bool Covers(std::string_view prefix, std::string_view location);

class VendedAccess {
 public:
  using Refresh = std::function<Result<TableAccess>()>;

  // `refresh` may be empty: what there is has to last. `clock` outlives it.
  VendedAccess(TableAccess access, Refresh refresh, Clock& clock);

  // The prefix of the credential for `location`; empty when only the table's own settings apply.
  std::string PrefixFor(std::string_view location) const;
  // The table's settings with those of the credential for `prefix` on top.
  AccessConfig ConfigFor(std::string_view prefix) const;

  // kDenied: none, or expired and none to be had; else as `refresh` says.
  Result<net::AwsCredentials> Credentials(std::string_view prefix);
  void Reject(std::string_view prefix, const net::AwsCredentials& credentials);

 private:
  struct Known {
    Result<net::AwsCredentials> credentials;
    bool is_usable = false;  // neither expired nor refused
    bool is_due = false;     // to be asked for again now
  };

  AccessConfig ConfigOf(std::string_view prefix) const REQUIRES(mutex_);
  Known Look(std::string_view prefix) const EXCLUDES(mutex_);
  void Renew() REQUIRES(refresh_mutex_) EXCLUDES(mutex_);

  const Refresh refresh_;
  Clock& clock_;
  Mutex refresh_mutex_;  // held while asking; taken before mutex_
  mutable Mutex mutex_;
  TableAccess access_ GUARDED_BY(mutex_);
  Timestamp fetched_at_ GUARDED_BY(mutex_);
  Timestamp not_before_ GUARDED_BY(mutex_);  // of the next refresh
  bool is_rejected_ GUARDED_BY(mutex_) = false;
  std::optional<Error> failure_ GUARDED_BY(mutex_);  // of the last refresh
};

// The credentials of one prefix.
std::shared_ptr<net::AwsCredentialsProvider> VendedCredentials(std::shared_ptr<VendedAccess> access,
                                                               std::string prefix);

}  // namespace kafka_iceberg::storage
