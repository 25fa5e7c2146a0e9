// SPDX-License-Identifier: Apache-2.0
#include "storage/vended_access.h"

#include <algorithm>
#include <charconv>

#include "storage/s3/s3_address.h"

namespace kafka_iceberg::storage {

namespace {

constexpr Duration kMarginMax = std::chrono::minutes(5);
// Between two questions to the catalog, however often its answers are refused.
constexpr Duration kPause = std::chrono::seconds(5);

std::string Setting(const AccessConfig& config, const std::string& key) {
  const auto found = config.find(key);
  return found == config.end() ? std::string() : found->second;
}

// Without scheme and slashes at the end: "bucket/a/b"; absent when it is not on S3.
std::optional<std::string_view> BelowScheme(std::string_view location) {
  const size_t colon = std::min(location.find(':'), location.size());
  if (!location.empty() && !IsS3Scheme(location.substr(0, colon))) return std::nullopt;
  location.remove_prefix(colon);
  if (location.starts_with(':')) location.remove_prefix(1);
  while (location.starts_with('/')) location.remove_prefix(1);
  while (location.ends_with('/')) location.remove_suffix(1);
  return location;
}

std::optional<Timestamp> ExpiryOf(const AccessConfig& config) {
  const std::string text = Setting(config, "s3.session-token-expires-at-ms");
  int64_t unix_ms = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), unix_ms);
  // Beyond the year 9999 it would overflow, and means never.
  if (error != std::errc() || end != text.data() + text.size() || unix_ms <= 0 ||
      unix_ms > 253'402'300'799'000) {
    return std::nullopt;
  }
  return FromMillis(unix_ms);
}

Result<net::AwsCredentials> CredentialsOf(const AccessConfig& config) {
  net::AwsCredentials credentials{Setting(config, "s3.access-key-id"),
                                  Setting(config, "s3.secret-access-key"),
                                  Setting(config, "s3.session-token"), ExpiryOf(config)};
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return Error::Denied("the catalog gave no storage credentials");
  }
  return credentials;
}

class Provider final : public net::AwsCredentialsProvider {
 public:
  Provider(std::shared_ptr<VendedAccess> access, std::string prefix)
      : access_(std::move(access)), prefix_(std::move(prefix)) {}

  Result<net::AwsCredentials> Get() override { return access_->Credentials(prefix_); }
  void Reject(const net::AwsCredentials& credentials) override {
    access_->Reject(prefix_, credentials);
  }

 private:
  const std::shared_ptr<VendedAccess> access_;
  const std::string prefix_;
};

}  // namespace

bool Covers(std::string_view prefix, std::string_view location) {
  const auto outer = BelowScheme(prefix);
  const auto inner = BelowScheme(location);
  if (!outer || !inner) return false;
  return outer->empty() || *inner == *outer ||
         (inner->starts_with(*outer) && (*inner)[outer->size()] == '/');
}

VendedAccess::VendedAccess(TableAccess access, Refresh refresh, Clock& clock)
    : refresh_(std::move(refresh)),
      clock_(clock),
      access_(std::move(access)),
      fetched_at_(clock.Now()),
      not_before_(fetched_at_) {}

std::string VendedAccess::PrefixFor(std::string_view location) const {
  MutexLock lock(mutex_);
  std::string longest;
  for (const TableAccess::Credential& credential : access_.credentials) {
    if (Covers(credential.prefix, location) && credential.prefix.size() > longest.size()) {
      longest = credential.prefix;
    }
  }
  return longest;
}

AccessConfig VendedAccess::ConfigFor(std::string_view prefix) const {
  MutexLock lock(mutex_);
  return ConfigOf(prefix);
}

// A later answer may name other prefixes: the longest one that covers the old one stands in.
AccessConfig VendedAccess::ConfigOf(std::string_view prefix) const {
  AccessConfig config = access_.config;
  const TableAccess::Credential* best = nullptr;
  for (const TableAccess::Credential& credential : access_.credentials) {
    if (prefix.empty() || !Covers(credential.prefix, prefix)) continue;
    if (best == nullptr || credential.prefix.size() > best->prefix.size()) best = &credential;
  }
  if (best != nullptr) {
    for (const auto& [key, value] : best->config) config[key] = value;
  }
  return config;
}

VendedAccess::Known VendedAccess::Look(std::string_view prefix) const {
  MutexLock lock(mutex_);
  Known known{CredentialsOf(ConfigOf(prefix))};
  const Timestamp now = clock_.Now();
  const auto expires_at = known.credentials.ok() ? known.credentials->expires_at : std::nullopt;
  const bool is_expired = expires_at && now >= *expires_at;
  known.is_usable = known.credentials.ok() && !is_expired && !is_rejected_;
  bool is_aging = false;
  if (expires_at)
    is_aging = now >= *expires_at - std::min(kMarginMax, (*expires_at - fetched_at_) / 2);
  known.is_due = refresh_ && now >= not_before_ && (!known.is_usable || is_aging);
  if (is_expired) {
    known.credentials =
        failure_ ? failure_->WithContext("the storage credentials of the catalog have expired")
                 : Error::Denied("the storage credentials of the catalog have expired");
  }
  return known;
}

Result<net::AwsCredentials> VendedAccess::Credentials(std::string_view prefix) {
  Known known = Look(prefix);
  if (known.is_due) {
    MutexLock lock(refresh_mutex_);
    known = Look(prefix);  // somebody may have been first
    if (known.is_due) {
      Renew();
      known = Look(prefix);
    }
  }
  return std::move(known.credentials);
}

void VendedAccess::Renew() {
  auto access = refresh_();
  MutexLock lock(mutex_);
  const Timestamp now = clock_.Now();
  not_before_ = now + kPause;
  if (!access.ok()) {
    failure_ = access.error();
    return;
  }
  access_ = *std::move(access);
  fetched_at_ = now;
  is_rejected_ = false;
  failure_.reset();
}

void VendedAccess::Reject(std::string_view prefix, const net::AwsCredentials& credentials) {
  MutexLock lock(mutex_);
  const auto current = CredentialsOf(ConfigOf(prefix));
  // An older one was refused: it is replaced already.
  if (!current.ok() || current->access_key_id != credentials.access_key_id ||
      current->session_token != credentials.session_token) {
    return;
  }
  is_rejected_ = true;
}

std::shared_ptr<net::AwsCredentialsProvider> VendedCredentials(std::shared_ptr<VendedAccess> access,
                                                               std::string prefix) {
  return std::make_shared<Provider>(std::move(access), std::move(prefix));
}

}  // namespace kafka_iceberg::storage
