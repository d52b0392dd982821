#include "commands/service.h"

#include <utility>

namespace ddb {

Result<Service> Service::Of(const Config& config) {
  Result<Endpoint> endpoint = ResolveEndpoint(config.endpoint, config.region);
  if (!endpoint.ok()) return std::move(endpoint).error();
  return Service(std::move(endpoint).value(), config);
}

Service::Service(Endpoint endpoint, const Config& config)
    : endpoint_(std::move(endpoint)),
      custom_endpoint_(!config.endpoint.empty()),
      credentials_(std::make_shared<StaticCredentials>(config.access_key_id, config.secret_access_key)),
      clock_skew_(std::make_shared<ClockSkew>()) {}

std::unique_ptr<Client> Service::MakeClient(EventLoop& loop, const Clock& clock,
                                            const HttpClient::Options& http) const {
  ClientOptions options;
  options.http = http;
  options.clock_skew = clock_skew_;
  return MakeHttpDynamoDbClient(loop, clock, endpoint_, credentials_, options);
}

}  // namespace ddb
