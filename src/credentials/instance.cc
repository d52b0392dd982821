// FromInstance (sources.h): three requests: for a token, for the role's name, for its credentials.
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/configuring-instance-metadata-service.html
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "credentials/documents.h"
#include "credentials/sources.h"

namespace ddb {
namespace {

// It is next door: who does not answer soon is not there.
constexpr Duration kPatience = std::chrono::seconds(1);
constexpr int kTries = 2;
constexpr const char* kRolePath = "/latest/meta-data/iam/security-credentials/";

Result<Endpoint> MetadataEndpoint(const Surroundings& around) {
  std::string url = Trimmed(around.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT"));
  if (url.empty()) {
    const bool ipv6 = ToLower(around.variable("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE")) == "ipv6";
    url = ipv6 ? "http://[fd00:ec2::254]" : "http://169.254.169.254";
  }
  while (url.ends_with('/')) url.pop_back();
  return ResolveEndpoint(url, "us-east-1");
}

// The name goes into the next request's path.
std::optional<std::string> RoleName(const std::string& body) {
  std::string name = Trimmed(std::string_view(body).substr(0, body.find('\n')));
  const auto fits = [](char c) {
    return IsAlnum(c) || std::string_view("_+=,.@-").find(c) != std::string_view::npos;
  };
  if (name.empty() || name.size() > 128 || !std::all_of(name.begin(), name.end(), fits)) return std::nullopt;
  return name;
}

class Instance {
 public:
  Instance(const Surroundings& around, const Endpoint& endpoint)
      : around_(around),
        endpoint_(endpoint),
        whom_("The instance metadata service (" + endpoint.host_header + ")") {}

  Attempt Ask() {
    WebReply token = Send("PUT", "/latest/api/token", {{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}});
    if (token.transport != TransportError::kNone) {
      return Attempt::Absent(fmt::format(
          "{} does not answer ({}; in a container on EC2, the instance's hop limit has to be 2 or more)",
          whom_, TransportErrorText(token.transport)));
    }
    if (token.status != 200) return Refused(token);
    const std::string bearer = Printable(Trimmed(token.body));
    const WebReply role = Send("GET", kRolePath, {{"X-aws-ec2-metadata-token", bearer}});
    if (role.transport == TransportError::kNone && role.status == 404) {
      return Attempt::Absent(fmt::format("{} says that the instance has no role", whom_));
    }
    if (role.transport != TransportError::kNone || role.status != 200) return Refused(role);
    const std::optional<std::string> name = RoleName(role.body);
    if (!name) return Attempt::Absent(fmt::format("{} names no role", whom_));
    const WebReply reply = Send("GET", kRolePath + *name, {{"X-aws-ec2-metadata-token", bearer}});
    if (reply.transport != TransportError::kNone || reply.status != 200) return Refused(reply);
    std::optional<Credentials> credentials = ReadServiceCredentials(reply.body);
    if (!credentials) return Attempt::Failed(TransientError(whom_ + " gives a reply without credentials."));
    if (Status plain = CheckPlain(*credentials, whom_); !plain.ok())
      return Attempt::Failed(std::move(plain).error());
    return Attempt::Given(*std::move(credentials));
  }

 private:
  WebReply Send(const char* method, const std::string& path,
                std::vector<std::pair<std::string, std::string>> headers) {
    WebRequest request;
    request.method = method;
    request.path = path;
    request.headers = std::move(headers);
    request.direct = true;
    request.patience = kPatience;
    WebReply reply;
    for (int i = 0; i < kTries; ++i) {
      reply = around_.web.Send(endpoint_, request);
      if (reply.transport == TransportError::kNone || reply.transport == TransportError::kCancelled) break;
    }
    return reply;
  }

  Attempt Refused(const WebReply& reply) const {
    return Attempt::Failed(ReplyError(whom_, reply, "Check the instance's role and its metadata options."));
  }

  const Surroundings& around_;
  const Endpoint& endpoint_;
  const std::string whom_;
};

}  // namespace

Attempt FromInstance(const Surroundings& around) {
  if (ToLower(around.variable("AWS_EC2_METADATA_DISABLED")) == "true") {
    return Attempt::Absent("AWS_EC2_METADATA_DISABLED is true");
  }
  const Result<Endpoint> endpoint = MetadataEndpoint(around);
  if (!endpoint.ok()) {
    return Attempt::Failed(
        ConfigError("AWS_EC2_METADATA_SERVICE_ENDPOINT is not an http:// or https:// URL."));
  }
  return Instance(around, *endpoint).Ask();
}

}  // namespace ddb
