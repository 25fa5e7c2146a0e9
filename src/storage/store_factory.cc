// SPDX-License-Identifier: Apache-2.0
#include "storage/store_factory.h"

#include "core/mutex.h"
#include "storage/local_store.h"
#include "storage/location.h"
#include "storage/s3/s3_address.h"
#include "storage/s3/s3_store.h"
#include "storage/vended_access.h"

namespace kafka_iceberg::storage {

namespace {

constexpr std::string_view kDefaultRegion = "us-east-1";

std::string FirstOf(const AccessConfig& config, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    const auto found = config.find(key);
    if (found != config.end() && !found->second.empty()) return found->second;
  }
  return {};
}

S3Options MakeS3Options(const StoreOptions& options, const AccessConfig& access) {
  S3Options s3;
  s3.endpoint =
      options.s3_endpoint.empty() ? FirstOf(access, {"s3.endpoint"}) : options.s3_endpoint;
  s3.region = options.s3_region;
  if (s3.region.empty()) s3.region = FirstOf(access, {"s3.region", "client.region"});
  if (s3.region.empty()) s3.region = net::DefaultAwsRegion(options.aws);
  if (s3.region.empty()) s3.region = kDefaultRegion;
  const std::string vended_style = FirstOf(access, {"s3.path-style-access"});
  s3.path_style = options.s3_path_style.value_or(vended_style.empty() ? !s3.endpoint.empty()
                                                                      : vended_style == "true");
  s3.server_side_encryption = options.s3_server_side_encryption;
  s3.kms_key_id = options.s3_kms_key_id;
  return s3;
}

// The credentials a user has set; null when none are.
std::shared_ptr<net::AwsCredentialsProvider> ConfiguredCredentials(const StoreOptions& options) {
  if (options.aws_credentials) return options.aws_credentials;
  if (options.s3_access_key.empty()) return nullptr;
  return net::StaticAwsCredentials(
      {options.s3_access_key, options.s3_secret_key, options.s3_session_token, std::nullopt});
}

// One S3 store for each credential in use, made when first needed.
class S3Stores {
 public:
  S3Stores(const StoreOptions& options, const StoreContext& context,
           std::shared_ptr<VendedAccess> access)
      : options_(options),
        context_(context),
        access_(std::move(access)),
        configured_(ConfiguredCredentials(options_)) {}

  ObjectStore& For(std::string_view location) {
    const std::string prefix = access_->PrefixFor(location);
    MutexLock lock(mutex_);
    std::unique_ptr<ObjectStore>& store = stores_[prefix];
    if (!store) store = Make(prefix);
    return *store;
  }

 private:
  std::unique_ptr<ObjectStore> Make(const std::string& prefix) {
    const AccessConfig access = access_->ConfigFor(prefix);
    auto credentials = configured_;
    if (!credentials && !FirstOf(access, {"s3.access-key-id"}).empty()) {
      credentials = VendedCredentials(access_, prefix);
    }
    if (!credentials) {
      credentials = net::DefaultAwsCredentials(options_.aws, context_.http, context_.clock);
    }
    return MakeS3Store(MakeS3Options(options_, access), std::move(credentials),
                       {context_.http, context_.clock, context_.random, context_.metrics});
  }

  const StoreOptions options_;
  const StoreContext context_;
  const std::shared_ptr<VendedAccess> access_;
  const std::shared_ptr<net::AwsCredentialsProvider> configured_;
  Mutex mutex_;
  // Never shrinks: who was given a store may keep it.
  std::map<std::string, std::unique_ptr<ObjectStore>, std::less<>> stores_ GUARDED_BY(mutex_);
};

// Sends each call to the store of its location's scheme.
class RoutingStore final : public ObjectStore {
 public:
  RoutingStore(const StoreOptions& options, const StoreContext& context,
               std::shared_ptr<VendedAccess> access)
      : local_(context.random), s3_(options, context, std::move(access)) {}

  Result<std::string> Read(std::string_view location) override {
    return TRY(For(location))->Read(location);
  }
  Result<std::string> ReadRange(std::string_view location, int64_t offset,
                                int64_t length) override {
    return TRY(For(location))->ReadRange(location, offset, length);
  }
  Result<ObjectInfo> Stat(std::string_view location) override {
    return TRY(For(location))->Stat(location);
  }
  Status Write(std::string_view location, std::string_view bytes) override {
    return TRY(For(location))->Write(location, bytes);
  }
  Status WriteIfAbsent(std::string_view location, std::string_view bytes) override {
    return TRY(For(location))->WriteIfAbsent(location, bytes);
  }
  Result<std::unique_ptr<ObjectWriter>> OpenWriter(std::string_view location) override {
    return TRY(For(location))->OpenWriter(location);
  }
  Status List(std::string_view prefix,
              const std::function<void(const ObjectInfo&)>& visit) override {
    return TRY(For(prefix))->List(prefix, visit);
  }
  Result<std::vector<std::string>> ListFolders(std::string_view prefix) override {
    return TRY(For(prefix))->ListFolders(prefix);
  }
  // The schemes say it all: asking must not make a store.
  bool ChecksUploads(std::string_view location) const override {
    const auto parts = SplitLocation(location);
    return parts.ok() && IsS3Scheme(parts->scheme);
  }
  Status DeleteEmptyFolders(std::string_view prefix) override {
    return TRY(For(prefix))->DeleteEmptyFolders(prefix);
  }
  Status Delete(std::string_view location) override { return TRY(For(location))->Delete(location); }
  Status DeleteMany(std::span<const std::string> locations) override;

 private:
  Result<ObjectStore*> For(std::string_view location) {
    const LocationParts parts = TRY(SplitLocation(location));
    if (parts.scheme == "file") return &local_;
    if (IsS3Scheme(parts.scheme)) return &s3_.For(location);
    return Error::Unsupported(
        "cannot open {}: {}:// is not served; use a local folder, file:// or s3://", location,
        parts.scheme);
  }

  LocalStore local_;
  S3Stores s3_;
};

Status RoutingStore::DeleteMany(std::span<const std::string> locations) {
  Status first;
  for (size_t begin = 0; begin < locations.size();) {
    ObjectStore* const store = TRY(For(locations[begin]));
    size_t end = begin + 1;
    while (end < locations.size() && TRY(For(locations[end])) == store) ++end;
    auto status = store->DeleteMany(locations.subspan(begin, end - begin));
    if (!status.ok() && first.ok()) first = std::move(status);
    begin = end;
  }
  return first;
}

Status CheckOptions(const StoreOptions& options) {
  if (options.s3_access_key.empty() != options.s3_secret_key.empty()) {
    return Error::Invalid("s3_access_key and s3_secret_key belong together: set both or neither");
  }
  const std::string& encryption = options.s3_server_side_encryption;
  if (!encryption.empty() && encryption != "AES256" && encryption != "aws:kms") {
    return Error::Invalid("s3_server_side_encryption is '{}': write AES256 or aws:kms", encryption);
  }
  if (!options.s3_kms_key_id.empty() && encryption != "aws:kms") {
    return Error::Invalid("s3_kms_key_id needs s3_server_side_encryption to be aws:kms");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> MakeStore(const StoreOptions& options,
                                               const StoreContext& context) {
  return MakeTableStore(options, context, {}, {});
}

Result<std::unique_ptr<ObjectStore>> MakeTableStore(const StoreOptions& options,
                                                    const StoreContext& context, TableAccess access,
                                                    std::function<Result<TableAccess>()> refresh) {
  TRY(CheckOptions(options));
  const S3Options s3 = MakeS3Options(options, access.config);
  TRY(S3Endpoint::Make(s3.endpoint, s3.region, s3.path_style));
  auto vended =
      std::make_shared<VendedAccess>(std::move(access), std::move(refresh), context.clock);
  return std::make_unique<RoutingStore>(options, context, std::move(vended));
}

}  // namespace kafka_iceberg::storage
