// Service: the DynamoDB that a config names: its endpoint, and clients that sign with its credentials. The
// one set-up for check and write; made once a command, on the main thread, and only read after: MakeClient
// may be called from any thread, and a client belongs to its loop's.
#pragma once

#include <memory>
#include <string>

#include "aws/client_certificate.h"
#include "aws/credentials.h"
#include "aws/endpoint.h"
#include "aws/proxy.h"
#include "aws/trust.h"
#include "base/clock.h"
#include "base/event_loop.h"
#include "base/log.h"
#include "base/result.h"
#include "config/config.h"
#include "dynamodb/client.h"
#include "dynamodb/error_messages.h"

namespace ddb {

class Service {
 public:
  // An endpoint and a region that make no address together are a config_error, and so are credentials that
  // are not to be had; where they have to be fetched, it waits. `clock` and `log` outlive the service.
  static Result<Service> Of(const Config& config, const Clock& clock, Log& log);

  const Endpoint& endpoint() const { return endpoint_; }
  EndpointText text() const;
  // "endpoint https://..., region ..., through the proxy ...".
  std::string Where() const;
  // "https://... through the proxy ...": who is waited for.
  std::string Way() const;

  // What one client learns of the clock's error serves all. `loop` and `clock` outlive the client.
  std::unique_ptr<Client> MakeClient(EventLoop& loop, const Clock& clock,
                                     const HttpClient::Options& http) const;

 private:
  Service(Endpoint endpoint, const Config& config, std::shared_ptr<const Proxy> proxy,
          std::shared_ptr<const Trust> trust, std::shared_ptr<const ClientCertificate> client_certificate,
          std::shared_ptr<CredentialsSource> credentials);

  Endpoint endpoint_;
  std::shared_ptr<const Proxy> proxy_;                           // null: none
  std::shared_ptr<const Trust> trust_;                           // null without TLS
  std::shared_ptr<const ClientCertificate> client_certificate_;  // null: none is shown
  std::string endpoint_from_;                                    // what names it; "": it is the region's own
  std::shared_ptr<CredentialsSource> credentials_;
  std::shared_ptr<ClockSkew> clock_skew_;
};

}  // namespace ddb
