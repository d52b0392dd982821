#include "commands/service.h"

#include <fmt/format.h>

#include <cstdlib>
#include <utility>

#include "aws/client_certificate.h"
#include "base/signals.h"
#include "commands/account.h"

namespace ddb {
namespace {

// Null where none is given.
Result<std::shared_ptr<const ClientCertificate>> OwnCertificate(const Config& config,
                                                                const Endpoint& endpoint) {
  if (config.client_certificate.empty()) return std::shared_ptr<const ClientCertificate>();
  if (!endpoint.tls) {
    return ConfigError(config.endpoint_from +
                           " starts with http://, where client_certificate is of no use. Let it start with "
                           "https://, or leave "
                           "client_certificate empty.",
                       "client_certificate with an endpoint of plain HTTP");
  }
  return ClientCertificate::Parse(config.client_certificate);
}

}  // namespace

Result<Service> Service::Of(const Config& config, const Clock& clock, Log& log) {
  const EndpointKind kind{config.aws.use_dualstack, config.aws.use_fips, config.account_id};
  Result<Endpoint> endpoint = ResolveEndpoint(config.endpoint, config.region, kind);
  if (!endpoint.ok()) {
    Error error = std::move(endpoint).error();
    // Who set a variable looks for its name.
    const std::string usual = "dynamodb_endpoint ";
    if (error.message.starts_with(usual)) error.message.replace(0, usual.size() - 1, config.endpoint_from);
    return error;
  }
  Result<std::shared_ptr<const Proxy>> proxy = ChooseProxy(
      *endpoint, config.proxy_url, [](const char* name) -> const char* { return std::getenv(name); });
  if (!proxy.ok()) return std::move(proxy).error();
  std::shared_ptr<const Trust> trust;
  if (endpoint->tls || !config.ca_certificate.empty()) {
    trust = Trust::FromEnvironment(config.ca_certificate);
    if (Status usable = trust->Check(); !usable.ok()) return std::move(usable).error();
  }
  Result<std::shared_ptr<const ClientCertificate>> own = OwnCertificate(config, *endpoint);
  if (!own.ok()) return std::move(own).error();
  Result<std::shared_ptr<CredentialsSource>> credentials =
      MakeCredentials(config, trust, clock, log, [] { return Signals::received() != 0; });
  if (!credentials.ok()) return std::move(credentials).error();
  return Service(std::move(endpoint).value(), config, std::move(proxy).value(), std::move(trust),
                 std::move(own).value(), std::move(credentials).value());
}

Service::Service(Endpoint endpoint, const Config& config, std::shared_ptr<const Proxy> proxy,
                 std::shared_ptr<const Trust> trust,
                 std::shared_ptr<const ClientCertificate> client_certificate,
                 std::shared_ptr<CredentialsSource> credentials)
    : endpoint_(std::move(endpoint)),
      proxy_(std::move(proxy)),
      trust_(std::move(trust)),
      client_certificate_(std::move(client_certificate)),
      endpoint_from_(config.endpoint.empty() ? "" : config.endpoint_from),
      credentials_(std::move(credentials)),
      clock_skew_(std::make_shared<ClockSkew>()) {}

EndpointText Service::text() const {
  EndpointText text{endpoint_.Url(), endpoint_.region, !endpoint_from_.empty()};
  if (text.custom) text.named_by = endpoint_from_;
  if (proxy_) text.proxy = proxy_->Name();
  text.client_certificate = client_certificate_ != nullptr;
  if (trust_) text.unreadable_trust = trust_->unreadable();
  return text;
}

std::string Service::Where() const {
  std::string where = fmt::format("endpoint {}, region {}", endpoint_.Url(), endpoint_.region);
  if (!endpoint_from_.empty() && endpoint_from_ != "dynamodb_endpoint") where += " (" + endpoint_from_ + ")";
  if (proxy_) where += ", through " + proxy_->Name();
  return where;
}

std::string Service::Way() const { return endpoint_.Url() + (proxy_ ? " through " + proxy_->Name() : ""); }

std::unique_ptr<Client> Service::MakeClient(EventLoop& loop, const Clock& clock,
                                            const HttpClient::Options& http) const {
  ClientOptions options;
  options.http = http;
  options.http.trust = trust_;
  options.http.client_certificate = client_certificate_;
  options.http.proxy = proxy_;
  options.clock_skew = clock_skew_;
  return MakeHttpDynamoDbClient(loop, clock, endpoint_, credentials_, options);
}

}  // namespace ddb
