#include "credentials/chain.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>
#include <vector>

#include "base/text.h"
#include "credentials/profiles.h"
#include "credentials/sources.h"

namespace ddb {
namespace {

constexpr int kMostProfiles = 8;  // that lead to each other by source_profile

constexpr const char* kOfEnvironment = "the environment (AWS_ACCESS_KEY_ID)";

// The roles of a profile, and of the profiles that it names.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-assume-role-credentials.html
class ProfileRole {
 public:
  ProfileRole(const Surroundings& around, const Profiles& profiles) : around_(around), profiles_(profiles) {}

  Attempt Of(const std::string& profile, int depth = 0) {
    if (!IsRole(profile)) return Attempt::Absent("the profile has no role_arn");
    Role role;
    role.arn = profiles_.Get(profile, "role_arn");
    const std::string source_profile = profiles_.Get(profile, "source_profile");
    const std::string source = profiles_.Get(profile, "credential_source");
    if (source_profile.empty() == source.empty()) {
      return Attempt::Failed(ConfigError(
          "A profile with a role_arn has to say by one of source_profile and credential_source who assumes "
          "the role."));
    }
    if (depth >= kMostProfiles) {
      return Attempt::Failed(
          ConfigError("The profiles lead to each other by source_profile without an end."));
    }
    if (!profiles_.Get(profile, "mfa_serial").empty()) {
      return Attempt::Failed(ConfigError(
          "The profile's role asks for a one-time password (mfa_serial), which nobody can type here."));
    }
    role.external_id = profiles_.Get(profile, "external_id");
    role.session_name = profiles_.Get(profile, "role_session_name");
    const std::string duration = profiles_.Get(profile, "duration_seconds");
    (void)std::from_chars(duration.data(), duration.data() + duration.size(), role.duration_s);
    Attempt keys = source_profile.empty() ? OfSource(source) : OfProfile(source_profile, depth);
    if (!keys.given) {
      if (keys.error) return keys;
      return Attempt::Failed(ConfigError(
          "The profile has a role_arn, but its source_profile or credential_source has no credentials: " +
          keys.absent + "."));
    }
    return Attempt::Of(AssumeRole(around_, role, *keys.given));
  }

 private:
  Attempt OfSource(const std::string& source) {
    if (source == "Environment") return FromEnvironment(around_);
    if (source == "EcsContainer") return FromContainer(around_);
    if (source == "Ec2InstanceMetadata") return FromInstance(around_);
    return Attempt::Failed(ConfigError(
        "The profile's credential_source is none of Environment, EcsContainer and Ec2InstanceMetadata."));
  }

  // A web identity assumes its role by itself.
  bool IsRole(const std::string& profile) const {
    return !profiles_.Get(profile, "role_arn").empty() &&
           profiles_.Get(profile, "web_identity_token_file").empty();
  }
  bool HasKeys(const std::string& profile) const {
    return !profiles_.Get(profile, "aws_access_key_id").empty() ||
           !profiles_.Get(profile, "aws_secret_access_key").empty();
  }

  // Keys come before a role, so that a profile can name itself and mean its own keys.
  Attempt OfProfile(const std::string& name, int depth) {
    if (!profiles_.Has(name)) return Attempt::Absent("there is no profile of that name");
    if (IsRole(name) && !HasKeys(name)) return Of(name, depth + 1);
    Attempt web = profiles_.Get(name, "web_identity_token_file").empty()
                      ? Attempt::Absent("")
                      : FromWebIdentity(around_, profiles_, name, /*by_variables=*/false);
    if (web.given || web.error) return web;
    Attempt sso = FromSso(around_, profiles_, name);
    if (sso.given || sso.error) return sso;
    Attempt keys = FromCredentialsFile(profiles_, name);
    if (keys.given || keys.error) return keys;
    Attempt process = FromProcess(around_, profiles_, name);
    if (process.given || process.error) return process;
    return FromConfigFile(profiles_, name);
  }

  const Surroundings& around_;
  const Profiles& profiles_;
};

// What "aws login" leaves is bound to a key pair of the machine by a scheme of its own (DPoP).
Attempt FromLogin(const Profiles& profiles, const std::string& profile) {
  if (profiles.Get(profile, "login_session").empty())
    return Attempt::Absent("the profile has no login_session");
  return Attempt::Failed(ConfigError(
      "The profile has a login_session (of \"aws login\"), which is not supported. Let a profile beside "
      "it have credential_process = aws configure export-credentials --profile NAME --format process."));
}

struct Place {
  std::string name;  // for the log
  std::function<Attempt()> look;
};

Result<Fetched> FirstOf(const std::vector<Place>& places) {
  std::string absent;
  for (const Place& place : places) {
    Attempt attempt = place.look();
    if (attempt.given) return Fetched{*std::move(attempt.given), place.name};
    if (attempt.error) return *std::move(attempt.error);
    absent += (absent.empty() ? "" : "; ") + attempt.absent;
  }
  return ConfigError(
      fmt::format("No AWS credentials were found: {}. Give the destination an access key or a role, or let "
                  "the environment have "
                  "credentials.",
                  absent));
}

}  // namespace

Result<Fetched> FetchFromChain(const Surroundings& around) {
  const Profiles profiles = Profiles::Read(around.variable);
  bool named = false;
  const std::string profile = Profiles::Chosen(around.variable, &named);
  const auto in_profile = [&] { return fmt::format("profile {}", ShortText(profile, 60)); };
  const std::vector<Place> places = {
      {kOfEnvironment, [&] { return FromEnvironment(around); }},
      {"the role of " + in_profile(),
       [&] {
         if (named && !profiles.Has(profile)) {
           return Attempt::Failed(
               ConfigError("AWS_PROFILE names a profile that is neither in the config file nor in the "
                           "credentials file."));
         }
         return ProfileRole(around, profiles).Of(profile);
       }},
      {"a web identity (AWS_WEB_IDENTITY_TOKEN_FILE)",
       [&] { return FromWebIdentity(around, profiles, profile); }},
      {"the SSO login of " + in_profile(), [&] { return FromSso(around, profiles, profile); }},
      {in_profile() + " of the credentials file", [&] { return FromCredentialsFile(profiles, profile); }},
      {"the login of " + in_profile(), [&] { return FromLogin(profiles, profile); }},
      {"the credential_process of " + in_profile(), [&] { return FromProcess(around, profiles, profile); }},
      {in_profile() + " of the config file", [&] { return FromConfigFile(profiles, profile); }},
      {"the container's credentials service", [&] { return FromContainer(around); }},
      {"the role of the EC2 instance", [&] { return FromInstance(around); }},
  };
  return FirstOf(places);
}

// What the platform hands in for a role has names of its own, or the usual ones.
Result<Fetched> FetchRole(const Surroundings& around, const RolePlan& plan) {
  std::optional<Fetched> source;
  if (plan.keys) {
    source = Fetched{*plan.keys, "the access key of the configuration"};
  } else {
    const Surroundings injected{[&](const char* name) {
                                  const std::string_view view = name;
                                  if (view == "AWS_ACCESS_KEY_ID")
                                    return around.variable("AWS_ASSUME_ROLE_ACCESS_KEY_ID");
                                  if (view == "AWS_SECRET_ACCESS_KEY")
                                    return around.variable("AWS_ASSUME_ROLE_SECRET_ACCESS_KEY");
                                  return std::string();
                                },
                                around.web,
                                around.commands,
                                around.clock,
                                around.region,
                                around.kind};
    if (Attempt of = FromEnvironment(injected); of.given) {
      source = Fetched{*std::move(of.given), "the environment (AWS_ASSUME_ROLE_ACCESS_KEY_ID)"};
    } else if (plan.only_environment) {
      Result<Fetched> found = FirstOf({{kOfEnvironment, [&] { return FromEnvironment(around); }}});
      if (!found.ok()) return found;
      source = std::move(found).value();
    } else {
      Result<Fetched> found = FetchFromChain(around);
      if (!found.ok()) return found;
      source = std::move(found).value();
    }
  }
  Result<Credentials> assumed = AssumeRole(around, plan.role, source->credentials);
  if (!assumed.ok()) return std::move(assumed).error();
  return Fetched{std::move(assumed).value(), "the role of the configuration, assumed with " + source->from};
}

}  // namespace ddb
