// SPDX-License-Identifier: Apache-2.0
#include <charconv>

#include "net/aws_sources.h"
#include "net/aws_sts.h"

namespace kafka_iceberg::net {

namespace {

constexpr int kChainLengthMax = 5;
// What an endpoint that was given without a region takes signatures for.
constexpr const char* kRegionOfGlobalSts = "us-east-1";

std::string Setting(const AwsProfile& profile, const std::string& key) {
  return Variable(profile, key);
}

// Follows source_profile from profile to profile.
class ProfileResolver {
 public:
  ProfileResolver(const AwsSourceContext& context, const AwsProfiles& profiles)
      : context_(context), profiles_(profiles) {}

  FoundCredentials Resolve(const std::string& name, int length = 1) const {
    const auto found = profiles_.find(name);
    if (found == profiles_.end()) return Error::Denied("aws profile {} does not exist", name);
    if (length > kChainLengthMax)
      return Error::Denied("aws profile {}: more than {} profiles in a row by source_profile", name,
                           kChainLengthMax);
    const AwsProfile& profile = found->second;
    if (!Setting(profile, "role_arn").empty()) return ResolveRole(name, profile, length);
    const auto keys = TRY(Keys(name, profile));
    if (keys.has_value()) return keys;
    for (const char* setting : {"credential_process", "sso_session", "sso_start_url"}) {
      if (!Setting(profile, setting).empty())
        return Error::Denied(
            "aws profile {}: {} is not supported: run aws configure export-credentials and give "
            "its keys",
            name, setting);
    }
    return std::optional<AwsCredentials>();
  }

 private:
  static FoundCredentials Keys(const std::string& name, const AwsProfile& profile) {
    AwsCredentials credentials{.access_key_id = Setting(profile, "aws_access_key_id"),
                               .secret_access_key = Setting(profile, "aws_secret_access_key"),
                               .session_token = Setting(profile, "aws_session_token")};
    if (credentials.access_key_id.empty() && credentials.secret_access_key.empty())
      return std::optional<AwsCredentials>();
    if (credentials.access_key_id.empty() || credentials.secret_access_key.empty())
      return Error::Denied(
          "aws profile {} has only one of aws_access_key_id and aws_secret_access_key", name);
    return credentials;
  }

  FoundCredentials ResolveRole(const std::string& name, const AwsProfile& profile,
                               int length) const {
    if (!Setting(profile, "mfa_serial").empty())
      return Error::Denied("aws profile {}: mfa_serial is not supported: nobody can type a code",
                           name);
    const AssumeRoleOptions role = TRY(RoleOf(name, profile));
    const std::string token_file = Setting(profile, "web_identity_token_file");
    if (!token_file.empty()) return FromWebIdentityToken(context_, token_file, role);
    const FoundCredentials source = Source(name, profile, length);
    if (!source.ok()) return source.error().WithContext(fmt::format("aws profile {}", name));
    if (!source->has_value())
      return Error::Denied("aws profile {}: its source has no credentials", name);
    return TRY(AssumeRole(role, **source, context_.http, context_.clock.Now()));
  }

  FoundCredentials Source(const std::string& name, const AwsProfile& profile, int length) const {
    const std::string source = Setting(profile, "credential_source");
    const std::string source_profile = Setting(profile, "source_profile");
    if (source.empty() == source_profile.empty())
      return Error::Denied("role_arn needs either source_profile or credential_source");
    // A profile may name itself: then its own keys are meant.
    if (source_profile == name) return Keys(name, profile);
    if (!source_profile.empty()) return Resolve(source_profile, length + 1);
    if (source == "Environment") return FromEnvironment(context_);
    if (source == "EcsContainer") return FromContainer(context_);
    if (source == "Ec2InstanceMetadata") return FromInstanceMetadata(context_);
    return Error::Denied(
        "credential_source must be Environment, EcsContainer or Ec2InstanceMetadata");
  }

  Result<AssumeRoleOptions> RoleOf(const std::string& name, const AwsProfile& profile) const {
    AssumeRoleOptions role;
    role.role_arn = Setting(profile, "role_arn");
    role.external_id = Setting(profile, "external_id");
    role.region = DefaultAwsRegion(context_.options);
    if (role.region.empty()) role.region = Setting(profile, "region");
    role.sts_endpoint = TRY(StsEndpointOf(context_.options, role.region));
    if (role.region.empty()) role.region = kRegionOfGlobalSts;
    const std::string session_name = Setting(profile, "role_session_name");
    if (!session_name.empty()) role.session_name = session_name;
    const std::string duration = Setting(profile, "duration_seconds");
    if (duration.empty()) return role;
    int seconds = 0;
    const auto parsed =
        std::from_chars(duration.data(), duration.data() + duration.size(), seconds);
    if (parsed.ec != std::errc() || parsed.ptr != duration.data() + duration.size() ||
        seconds < 900 || seconds > 43200)
      return Error::Denied("aws profile {}: duration_seconds must be from 900 to 43200", name);
    role.duration = std::chrono::seconds(seconds);
    return role;
  }

  const AwsSourceContext& context_;
  const AwsProfiles& profiles_;
};

}  // namespace

std::string ChosenProfile(const AwsChainOptions& options) {
  if (!options.profile.empty()) return options.profile;
  const std::string chosen = Variable(options.environment, "AWS_PROFILE");
  return chosen.empty() ? "default" : chosen;
}

bool IsProfileChosen(const AwsChainOptions& options) {
  return !options.profile.empty() || !Variable(options.environment, "AWS_PROFILE").empty();
}

FoundCredentials FromProfile(const AwsSourceContext& context) {
  const AwsProfiles profiles = TRY(ReadAwsProfiles(context.options.environment));
  const std::string name = ChosenProfile(context.options);
  if (!IsProfileChosen(context.options) && !profiles.contains(name))
    return std::optional<AwsCredentials>();
  return ProfileResolver(context, profiles).Resolve(name);
}

}  // namespace kafka_iceberg::net
