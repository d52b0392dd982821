#include "credentials/sources.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "credentials/documents.h"
#include "credentials/sts.h"

namespace ddb {
namespace {

Attempt Checked(Credentials credentials, const std::string& from) {
  if (Status plain = CheckPlain(credentials, from); !plain.ok())
    return Attempt::Failed(std::move(plain).error());
  return Attempt::Given(std::move(credentials));
}

// Keys of a section of a file.
Attempt FromSection(const Profiles::Section* section, const std::string& profile, const char* file) {
  const std::string where = fmt::format("profile {} of the {} file", ShortText(profile, 60), file);
  if (section == nullptr) return Attempt::Absent(fmt::format("there is no {}", where));
  const auto get = [section](const char* key) {
    const auto found = section->find(key);
    return found == section->end() ? std::string() : found->second;
  };
  const std::string id = get("aws_access_key_id");
  if (id.empty()) return Attempt::Absent(fmt::format("{} has no keys", where));
  return Checked({id, get("aws_secret_access_key"), get("aws_session_token")}, where);
}

// "http://host:1/a?b" in two.
Result<Endpoint> SplitUrl(const std::string& url, std::string& path) {
  const size_t scheme = url.find("://");
  if (scheme == std::string::npos) return ConfigError("no scheme");
  const size_t slash = std::min(url.find_first_of("/?", scheme + 3), url.size());
  path = url.substr(slash);
  if (!path.starts_with('/')) path = "/" + path;
  for (const char c : path) {
    if (c <= ' ' || c > '~') return ConfigError("a character that no URL has");
  }
  return ResolveEndpoint(url.substr(0, slash), "us-east-1");
}

// Over plain HTTP the token that is sent may reach nothing but the machine itself and the addresses that AWS
// gives these services.
bool MayBePlain(const std::string& host) {
  return host == "localhost" || host == "::1" || host.starts_with("127.") || host == "169.254.170.2" ||
         host == "169.254.170.23" || host == "fd00:ec2::23";
}

}  // namespace

Attempt FromEnvironment(const Surroundings& around) {
  Credentials credentials;
  credentials.access_key_id = Trimmed(around.variable("AWS_ACCESS_KEY_ID"));
  credentials.secret_access_key = Trimmed(around.variable("AWS_SECRET_ACCESS_KEY"));
  credentials.session_token = Trimmed(around.variable("AWS_SESSION_TOKEN"));
  if (credentials.access_key_id.empty()) return Attempt::Absent("AWS_ACCESS_KEY_ID is not set");
  if (credentials.secret_access_key.empty()) {
    return Attempt::Failed(ConfigError(
        "The environment has AWS_ACCESS_KEY_ID, but not AWS_SECRET_ACCESS_KEY. Set both, or neither."));
  }
  return Checked(std::move(credentials), "the environment");
}

Attempt FromWebIdentity(const Surroundings& around, const Profiles& profiles, const std::string& profile,
                        bool by_variables) {
  const auto get = [&](const char* variable, const char* key) {
    const std::string value = by_variables ? around.variable(variable) : "";
    return value.empty() ? profiles.Get(profile, key) : value;
  };
  const std::string file = get("AWS_WEB_IDENTITY_TOKEN_FILE", "web_identity_token_file");
  if (file.empty()) return Attempt::Absent("AWS_WEB_IDENTITY_TOKEN_FILE is not set");
  Role role;
  role.arn = get("AWS_ROLE_ARN", "role_arn");
  role.session_name = get("AWS_ROLE_SESSION_NAME", "role_session_name");
  if (role.arn.empty()) {
    return Attempt::Failed(
        ConfigError("AWS_WEB_IDENTITY_TOKEN_FILE is set, but not AWS_ROLE_ARN, the role that the token is "
                    "for. Set both."));
  }
  const std::optional<std::string> token = ReadSmallFile(file);
  if (!token || Trimmed(*token).empty()) {
    return Attempt::Failed(
        TransientError("The file that AWS_WEB_IDENTITY_TOKEN_FILE names cannot be read, or is empty. Let it "
                       "name the token that the "
                       "platform (EKS, say) puts there."));
  }
  return Attempt::Of(AssumeRoleWithWebIdentity(around, role, Trimmed(*token)));
}

Attempt FromCredentialsFile(const Profiles& profiles, const std::string& profile) {
  return FromSection(profiles.Credentials(profile), profile, "credentials");
}

Attempt FromConfigFile(const Profiles& profiles, const std::string& profile) {
  return FromSection(profiles.Config(profile), profile, "config");
}

Attempt FromContainer(const Surroundings& around) {
  const std::string relative = around.variable("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
  const std::string full = around.variable("AWS_CONTAINER_CREDENTIALS_FULL_URI");
  if (relative.empty() && full.empty()) {
    return Attempt::Absent("AWS_CONTAINER_CREDENTIALS_FULL_URI and _RELATIVE_URI are not set");
  }
  WebRequest request;
  request.direct = true;
  const Result<Endpoint> endpoint =
      SplitUrl(relative.empty() ? full : "http://169.254.170.2" + relative, request.path);
  if (!endpoint.ok()) {
    return Attempt::Failed(
        ConfigError("AWS_CONTAINER_CREDENTIALS_FULL_URI (or _RELATIVE_URI) is not a URL."));
  }
  if (!endpoint->tls && !MayBePlain(endpoint->host)) {
    return Attempt::Failed(
        ConfigError("AWS_CONTAINER_CREDENTIALS_FULL_URI is plain HTTP to another machine. It has to be "
                    "https://, or this machine "
                    "or one of the addresses that ECS and EKS use."));
  }
  std::string token = around.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (const std::string file = around.variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"); !file.empty()) {
    const std::optional<std::string> text = ReadSmallFile(file);
    if (!text) {
      return Attempt::Failed(
          TransientError("The file that AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE names cannot be read."));
    }
    token = Trimmed(*text);
  }
  if (Printable(token) != token) {
    return Attempt::Failed(ConfigError("The container's authorization token has a line break in it."));
  }
  if (!token.empty()) request.headers.emplace_back("Authorization", token);
  request.headers.emplace_back("Accept", "application/json");
  const WebReply reply = around.web.Send(*endpoint, request);
  const std::string whom = fmt::format("The container's credentials service ({})", endpoint->host_header);
  if (reply.transport != TransportError::kNone || reply.status != 200) {
    return Attempt::Failed(
        ReplyError(whom, reply, "Check the task's role (ECS) or the pod identity association (EKS)."));
  }
  std::optional<Credentials> credentials = ReadServiceCredentials(reply.body);
  if (!credentials)
    return Attempt::Failed(TransientError(whom + " gives a reply without credentials" + reply.way + "."));
  return Checked(*std::move(credentials), whom);
}

}  // namespace ddb
