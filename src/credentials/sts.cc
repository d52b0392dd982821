#include "credentials/sts.h"

#include <fmt/format.h>

#include <memory>
#include <utility>

#include "aws/signer.h"
#include "base/text.h"
#include "credentials/documents.h"

namespace ddb {
namespace {

constexpr const char* kSessionName = "destination-dynamodb";

std::string Form(const char* action, const Role& role) {
  std::string form =
      fmt::format("Action={}&Version=2011-06-15&RoleArn={}&RoleSessionName={}", action, UrlEncoded(role.arn),
                  UrlEncoded(role.session_name.empty() ? kSessionName : role.session_name));
  if (role.duration_s != 0) form += fmt::format("&DurationSeconds={}", role.duration_s);
  if (!role.external_id.empty()) form += "&ExternalId=" + UrlEncoded(role.external_id);
  return form;
}

// Where no region is known, or one that only another engine has.
std::string RegionOf(const Surroundings& around) {
  for (const std::string& region :
       {around.region, around.variable("AWS_REGION"), around.variable("AWS_DEFAULT_REGION")}) {
    if (!region.empty() && RegionalEndpoint("sts", region).ok()) return region;
  }
  return "us-east-1";
}

Result<Credentials> Read(const WebReply& reply, const Endpoint& endpoint, const std::string& advice) {
  const std::string whom = fmt::format("STS ({})", endpoint.Url());
  if (reply.transport != TransportError::kNone || reply.status != 200) return ReplyError(whom, reply, advice);
  std::optional<Credentials> credentials = ReadStsCredentials(reply.body);
  if (!credentials) {
    return TransientError(
        fmt::format("{} gives no credentials: its reply is not one of STS's{}. {}", whom, reply.way, advice));
  }
  if (Status plain = CheckPlain(*credentials, whom); !plain.ok()) return std::move(plain).error();
  return *std::move(credentials);
}

}  // namespace

Result<Endpoint> ServiceEndpoint(const Surroundings& around, const char* variable, std::string_view prefix,
                                 std::string_view region) {
  std::string name = variable;
  std::string url;
  if (ToLower(around.variable("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")) != "true") {
    url = around.variable(variable);
    if (url.empty()) url = around.variable((name = "AWS_ENDPOINT_URL").c_str());
  }
  if (url.empty()) return RegionalEndpoint(prefix, region, around.kind);
  Result<Endpoint> endpoint = ResolveEndpoint(Trimmed(url), region);
  if (endpoint.ok()) return endpoint;
  return ConfigError(name +
                     " is not a URL of http:// or https://, a host, and optionally a port and a path.");
}

Result<Credentials> AssumeRole(const Surroundings& around, const Role& role, const Credentials& source) {
  Result<Endpoint> endpoint = ServiceEndpoint(around, "AWS_ENDPOINT_URL_STS", "sts", RegionOf(around));
  if (!endpoint.ok()) return std::move(endpoint).error();
  WebRequest request;
  request.method = "POST";
  request.path = endpoint->path;
  request.body = Form("AssumeRole", role);
  request.signed_head = [&](const RequestForm& form) {
    Signer signer(*endpoint, std::make_shared<StaticCredentials>(source), kStsScheme, form);
    return std::string(signer.SignedHead("", request.body, around.clock.WallMillis()));
  };
  return Read(
      around.web.Send(*endpoint, request), *endpoint,
      "Check the role's ARN, that its trust policy names who assumes it and the external id, and that the "
      "keys which assume it may call sts:AssumeRole.");
}

Result<Credentials> AssumeRoleWithWebIdentity(const Surroundings& around, const Role& role,
                                              const std::string& token) {
  Result<Endpoint> endpoint = ServiceEndpoint(around, "AWS_ENDPOINT_URL_STS", "sts", RegionOf(around));
  if (!endpoint.ok()) return std::move(endpoint).error();
  WebRequest request;
  request.method = "POST";
  request.path = endpoint->path;
  request.headers = {{"Content-Type", std::string(kStsScheme.content_type)}};
  request.body = Form("AssumeRoleWithWebIdentity", role) + "&WebIdentityToken=" + UrlEncoded(token);
  return Read(
      around.web.Send(*endpoint, request), *endpoint,
      "Check that the trust policy of the role that AWS_ROLE_ARN names trusts the token's issuer and its "
      "service account.");
}

}  // namespace ddb
