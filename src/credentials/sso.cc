// FromSso (sources.h): the login that "aws sso login" left in a file gives the credentials of a role. One
// that is about to expire is renewed, as botocore does (tokens.py, SSOTokenProvider): for the user's other
// tools too, as the old refresh token need not be good for a second time.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-sso-credentials.html
#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/sha.h>
#include <stdlib.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <optional>
#include <span>
#include <utility>

#include "base/text.h"
#include "credentials/documents.h"
#include "credentials/sources.h"
#include "credentials/sts.h"

namespace ddb {
namespace {

constexpr const char* kLogIn = "Log in again with \"aws sso login\" on the machine whose files these are.";
constexpr int64_t kRenewMillis = int64_t{15} * 60 * 1000;  // before the end, as AWS's clients do

struct Login {
  std::string name;       // of the session, or the address that was logged in at: the file is called by it
  std::string start_url;  // of the session
  std::string region;
  bool renewable = false;  // only a login of a session is
};

std::string TokenFile(const std::string& home, const std::string& name) {
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(name.data()), name.size(), digest.data());
  std::string path = home + "/.aws/sso/cache/";
  AppendHex(std::span<const unsigned char>(digest), path);
  return path + ".json";
}

// In one piece, as others read it; for its owner alone. A folder that cannot be written keeps the old login,
// which is then renewed by each fetch.
void Replace(const std::string& path, const std::string& text) {
  std::string temporary = path + ".XXXXXX";
  const int fd = mkostemp(temporary.data(), O_CLOEXEC);
  if (fd < 0) return;
  const bool written = write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const bool kept = fsync(fd) == 0;
  if (close(fd) != 0 || !written || !kept || std::rename(temporary.c_str(), path.c_str()) != 0) {
    unlink(temporary.c_str());
  }
}

bool CanBeRenewed(const SsoToken& token, int64_t now_ms) {
  return !token.refresh_token.empty() && !token.client_id.empty() && !token.client_secret.empty() &&
         token.registration_expires_ms > now_ms;
}

Result<SsoToken> Renewed(const Surroundings& around, const Login& login, const SsoToken& token) {
  Result<Endpoint> endpoint = ServiceEndpoint(around, "AWS_ENDPOINT_URL_SSO_OIDC", "oidc", login.region);
  if (!endpoint.ok()) return std::move(endpoint).error();
  WebRequest request;
  request.method = "POST";
  request.path = (endpoint->path == "/" ? "" : endpoint->path) + "/token";
  request.headers = {{"Content-Type", "application/json"}};
  request.body = WriteTokenRequest(token);
  const WebReply reply = around.web.Send(*endpoint, request);
  const std::string whom = fmt::format("IAM Identity Center ({})", endpoint->Url());
  if (reply.transport != TransportError::kNone || reply.status != 200) return ReplyError(whom, reply, kLogIn);
  std::optional<SsoToken> renewed = ReadNewToken(reply.body, token, around.clock.WallMillis());
  if (!renewed) return TransientError(fmt::format("{} gives a reply without a login{}.", whom, reply.way));
  return *std::move(renewed);
}

// The login that is there, renewed where it has to be.
Result<SsoToken> Present(const Surroundings& around, const Login& login) {
  const std::string path = TokenFile(HomeFolder(around.variable), login.name);
  const std::optional<std::string> file = ReadSmallFile(path);
  std::optional<SsoToken> token = file ? ReadSsoToken(*file) : std::nullopt;
  if (!token) return ConfigError(std::string("There is no login of the profile's SSO session. ") + kLogIn);
  const int64_t now = around.clock.WallMillis();
  const bool has_end = token->expires_ms != 0;
  if (!has_end || token->expires_ms - now >= kRenewMillis) return *std::move(token);
  const bool expired = token->expires_ms <= now;
  if (login.renewable && CanBeRenewed(*token, now)) {
    Result<SsoToken> renewed = Renewed(around, login, *token);
    if (renewed.ok()) {
      Replace(path, WriteSsoToken(*renewed, login.start_url, login.region));
      return renewed;
    }
    if (expired) return renewed;
  }
  if (expired)
    return ConfigError(std::string("The login of the profile's SSO session has expired. ") + kLogIn);
  return *std::move(token);
}

}  // namespace

Attempt FromSso(const Surroundings& around, const Profiles& profiles, const std::string& profile) {
  const std::string account = profiles.Get(profile, "sso_account_id");
  const std::string role = profiles.Get(profile, "sso_role_name");
  if (account.empty() || role.empty())
    return Attempt::Absent("the profile has no sso_account_id and sso_role_name");
  const std::string session_name = profiles.Get(profile, "sso_session");
  const Profiles::Section* const session = profiles.SsoSession(session_name);
  const auto get = [&](const char* key) {
    std::string own = profiles.Get(profile, key);
    if (!own.empty() || session == nullptr) return own;
    const auto found = session->find(key);
    return found == session->end() ? std::string() : found->second;
  };
  const std::string start_url = get("sso_start_url");
  const Login login{session_name.empty() ? start_url : session_name, start_url, get("sso_region"),
                    !session_name.empty()};
  if (login.name.empty() || login.region.empty()) {
    return Attempt::Failed(ConfigError(
        "The profile has sso_account_id, but no sso_start_url or sso_session with an sso_region."));
  }
  Result<SsoToken> token = Present(around, login);
  if (!token.ok()) return Attempt::Failed(std::move(token).error());
  Result<Endpoint> endpoint = ServiceEndpoint(around, "AWS_ENDPOINT_URL_SSO", "portal.sso", login.region);
  if (!endpoint.ok()) return Attempt::Failed(std::move(endpoint).error());
  WebRequest request;
  request.path =
      fmt::format("{}/federation/credentials?role_name={}&account_id={}",
                  endpoint->path == "/" ? "" : endpoint->path, UrlEncoded(role), UrlEncoded(account));
  request.headers = {{"x-amz-sso_bearer_token", Printable(token->access_token)}};
  const WebReply reply = around.web.Send(*endpoint, request);
  const std::string whom = fmt::format("IAM Identity Center ({})", endpoint->Url());
  if (reply.transport != TransportError::kNone || reply.status != 200) {
    return Attempt::Failed(ReplyError(whom, reply, kLogIn));
  }
  std::optional<Credentials> credentials = ReadRoleCredentials(reply.body);
  if (!credentials)
    return Attempt::Failed(TransientError(whom + " gives a reply without credentials" + reply.way + "."));
  if (Status plain = CheckPlain(*credentials, whom); !plain.ok())
    return Attempt::Failed(std::move(plain).error());
  return Attempt::Given(*std::move(credentials));
}

}  // namespace ddb
