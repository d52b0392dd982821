#include "commands/service.h"

#include <fmt/format.h>

#include <cstdlib>
#include <utility>

#include "aws/proxy_environment.h"

namespace ddb {

Result<Service> Service::Of(const Config& config) {
  Result<Endpoint> endpoint = ResolveEndpoint(config.endpoint, config.region);
  if (!endpoint.ok()) return std::move(endpoint).error();
  std::shared_ptr<const Trust> trust;
  if (endpoint->tls) {
    trust = Trust::FromEnvironment();
    if (Status usable = trust->Check(); !usable.ok()) return std::move(usable).error();
  }
  return Service(std::move(endpoint).value(), config, std::move(trust));
}

Service::Service(Endpoint endpoint, const Config& config, std::shared_ptr<const Trust> trust)
    : endpoint_(std::move(endpoint)),
      trust_(std::move(trust)),
      custom_endpoint_(!config.endpoint.empty()),
      credentials_(std::make_shared<StaticCredentials>(config.access_key.id, config.access_key.secret,
                                                       config.access_key.session_token)),
      clock_skew_(std::make_shared<ClockSkew>()) {}

EndpointText Service::text() const {
  EndpointText text{endpoint_.Url(), endpoint_.region, custom_endpoint_};
  text.proxy = ProxyVariable(endpoint_, [](const char* name) -> const char* { return std::getenv(name); });
  if (trust_) text.unreadable_trust = trust_->unreadable();
  return text;
}

std::string Service::UnusedProxyWarning() const {
  const Text proxy = text().proxy;
  if (proxy.empty()) return "";
  return fmt::format(
      "{} is set, but this version uses no proxy: it connects to {} directly. Set NO_PROXY for the host to "
      "be "
      "rid of this warning.",
      proxy, endpoint_.Url());
}

std::unique_ptr<Client> Service::MakeClient(EventLoop& loop, const Clock& clock,
                                            const HttpClient::Options& http) const {
  ClientOptions options;
  options.http = http;
  options.http.trust = trust_;
  options.clock_skew = clock_skew_;
  return MakeHttpDynamoDbClient(loop, clock, endpoint_, credentials_, options);
}

}  // namespace ddb
