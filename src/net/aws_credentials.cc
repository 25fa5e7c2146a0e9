// SPDX-License-Identifier: Apache-2.0
#include "net/aws_credentials.h"

#include "net/aws_sources.h"
#include "net/aws_sts.h"
#include "net/http_text.h"
#include "net/renewing.h"
#include "net/time_text.h"

namespace kafka_iceberg::net {

namespace {

using Cache = Renewing<AwsCredentials>;

constexpr Duration kRenewBefore = std::chrono::minutes(5);
constexpr size_t kTokenFileBytesMax = 64 << 10;

Result<Cache::Fetched> ToFetched(Result<AwsCredentials> credentials) {
  AwsCredentials value = TRY(std::move(credentials));
  const auto expires_at = value.expires_at;
  return Cache::Fetched{
      .value = std::move(value), .expires_at = expires_at, .renew_before = kRenewBefore};
}

class StaticProvider final : public AwsCredentialsProvider {
 public:
  explicit StaticProvider(AwsCredentials credentials) : credentials_(std::move(credentials)) {}

  Result<AwsCredentials> Get() override {
    if (credentials_.access_key_id.empty() || credentials_.secret_access_key.empty())
      return Error::Denied("the given AWS access key or its secret is empty");
    return credentials_;
  }
  void Reject(const AwsCredentials& /*credentials*/) override {}

 private:
  const AwsCredentials credentials_;
};

class ChainProvider final : public AwsCredentialsProvider {
 public:
  ChainProvider(AwsChainOptions options, HttpClient& http, Clock& clock)
      : options_(std::move(options)),
        http_(http),
        clock_(clock),
        cache_([this] { return ToFetched(Ask()); }, clock) {}

  Result<AwsCredentials> Get() override { return cache_.Get(); }
  void Reject(const AwsCredentials& credentials) override { cache_.Reject(credentials); }

 private:
  struct Link {
    const char* name;
    FoundCredentials (*ask)(const AwsSourceContext&);
  };

  // Only one caller at a time (Renewing).
  Result<AwsCredentials> Ask() {
    constexpr std::array<Link, 4> kLinks = {{{"environment", &FromEnvironment},
                                             {"web identity", &FromWebIdentity},
                                             {"profile", &FromProfile},
                                             {"container", &FromContainer}}};
    const AwsSourceContext context{options_, http_, clock_};
    std::string empty_ones;
    for (const Link& link : kLinks) {
      if (!options_.profile.empty() &&
          (link.ask == &FromEnvironment || link.ask == &FromWebIdentity))
        continue;
      std::optional<AwsCredentials> found = TRY(link.ask(context));
      if (found.has_value()) return *std::move(found);
      empty_ones += fmt::format("{}{}", empty_ones.empty() ? "" : ", ", link.name);
    }
    FoundCredentials last = FromInstanceMetadata(context);
    if (last.ok() && last->has_value()) {
      has_instance_role_ = true;
      return **last;
    }
    // Who had a role before is on an instance whose metadata service is away for a while. Who never
    // had one is most likely not on an instance at all, and waiting would not help.
    if (!last.ok() && has_instance_role_) return std::move(last).error();
    return Error::Denied("no AWS credentials: none in {}; {}", empty_ones,
                         last.ok() ? "instance metadata is turned off" : last.error().message());
  }

  const AwsChainOptions options_;
  HttpClient& http_;
  Clock& clock_;
  bool has_instance_role_ = false;  // touched by Ask() only
  Cache cache_;
};

class AssumedRoleProvider final : public AwsCredentialsProvider {
 public:
  AssumedRoleProvider(AssumeRoleOptions options, std::shared_ptr<AwsCredentialsProvider> source,
                      HttpClient& http, Clock& clock)
      : options_(std::move(options)),
        source_(std::move(source)),
        http_(http),
        clock_(clock),
        cache_([this] { return ToFetched(Assume()); }, clock) {}

  Result<AwsCredentials> Get() override { return cache_.Get(); }
  void Reject(const AwsCredentials& credentials) override { cache_.Reject(credentials); }

 private:
  Result<AwsCredentials> Assume() {
    AssumeRoleOptions options = options_;
    if (options.region.empty()) options.region = "us-east-1";
    if (options.sts_endpoint.empty()) options.sts_endpoint = TRY(StsEndpoint(options.region));
    const AwsCredentials as = TRY(source_->Get());
    Result<AwsCredentials> credentials = AssumeRole(options, as, http_, clock_.Now());
    if (credentials.ok() || credentials.error().code() != ErrorCode::kDenied) return credentials;
    // The source's credentials may be what is refused: if it has others, they get one chance.
    source_->Reject(as);
    const Result<AwsCredentials> others = source_->Get();
    if (!others.ok() || *others == as) return credentials;
    return AssumeRole(options, *others, http_, clock_.Now());
  }

  const AssumeRoleOptions options_;
  const std::shared_ptr<AwsCredentialsProvider> source_;
  HttpClient& http_;
  Clock& clock_;
  Cache cache_;
};

}  // namespace

FoundCredentials FromEnvironment(const AwsSourceContext& context) {
  const Environment& environment = context.options.environment;
  AwsCredentials credentials{
      .access_key_id = Variable(environment, "AWS_ACCESS_KEY_ID"),
      .secret_access_key = Variable(environment, "AWS_SECRET_ACCESS_KEY"),
      .session_token = Variable(environment, "AWS_SESSION_TOKEN"),
      .expires_at = ParseRfc3339(Variable(environment, "AWS_CREDENTIAL_EXPIRATION"))};
  if (credentials.access_key_id.empty() && credentials.secret_access_key.empty())
    return std::optional<AwsCredentials>();
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty())
    return Error::Denied("only one of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY is set");
  return credentials;
}

FoundCredentials FromWebIdentity(const AwsSourceContext& context) {
  const Environment& environment = context.options.environment;
  const std::string token_file = Variable(environment, "AWS_WEB_IDENTITY_TOKEN_FILE");
  AssumeRoleOptions role;
  role.role_arn = Variable(environment, "AWS_ROLE_ARN");
  if (token_file.empty() || role.role_arn.empty()) return std::optional<AwsCredentials>();
  const std::string session_name = Variable(environment, "AWS_ROLE_SESSION_NAME");
  if (!session_name.empty()) role.session_name = session_name;
  return FromWebIdentityToken(context, token_file, role);
}

FoundCredentials FromWebIdentityToken(const AwsSourceContext& context,
                                      const std::string& token_file, AssumeRoleOptions role) {
  if (role.sts_endpoint.empty())
    role.sts_endpoint = TRY(StsEndpointOf(context.options, DefaultAwsRegion(context.options)));
  // Read each time: whoever issues the token replaces the file before it runs out.
  const auto token = ReadSmallFile(token_file, kTokenFileBytesMax);
  if (!token.ok()) return Error::Denied("web identity token: {}", token.error().message());
  std::string_view text = *token;
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  return TRY(AssumeRoleWithWebIdentity(role, std::string(text), context.http));
}

Result<std::string> StsEndpointOf(const AwsChainOptions& options, const std::string& region) {
  if (!options.sts_endpoint.empty()) return options.sts_endpoint;
  const std::string chosen = Variable(options.environment, "AWS_ENDPOINT_URL_STS");
  if (!chosen.empty()) return chosen;
  return StsEndpoint(region);
}

std::string DefaultAwsRegion(const AwsChainOptions& options) {
  if (!options.region.empty()) return options.region;
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"}) {
    const std::string region = Variable(options.environment, name);
    if (!region.empty()) return region;
  }
  const auto profiles = ReadAwsProfiles(options.environment);
  if (!profiles.ok()) return "";
  const auto profile = profiles->find(ChosenProfile(options));
  return profile == profiles->end() ? "" : Variable(profile->second, "region");
}

std::shared_ptr<AwsCredentialsProvider> StaticAwsCredentials(AwsCredentials credentials) {
  return std::make_shared<StaticProvider>(std::move(credentials));
}

std::shared_ptr<AwsCredentialsProvider> DefaultAwsCredentials(AwsChainOptions options,
                                                              HttpClient& http, Clock& clock) {
  return std::make_shared<ChainProvider>(std::move(options), http, clock);
}

std::shared_ptr<AwsCredentialsProvider> AssumedRoleCredentials(
    AssumeRoleOptions options, std::shared_ptr<AwsCredentialsProvider> source, HttpClient& http,
    Clock& clock) {
  return std::make_shared<AssumedRoleProvider>(std::move(options), std::move(source), http, clock);
}

}  // namespace kafka_iceberg::net
