// Web: one request and its reply, for whoever fetches credentials: it waits. HttpWeb is the real one, on the
// HTTP client of the data path; tests have another. On the thread of the supply; Cancel from any.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/endpoint.h"
#include "aws/http_client.h"
#include "aws/proxy.h"
#include "aws/transport_error.h"
#include "aws/trust.h"
#include "base/clock.h"
#include "base/event_loop.h"
#include "base/result.h"

namespace ddb {

struct WebRequest {
  const char* method = "GET";
  std::string path = "/";                                    // with the query
  std::vector<std::pair<std::string, std::string>> headers;  // Host and Content-Length are not among them
  std::string body;
  // Of a signed request: all before the body, with what a proxy changes in it.
  std::function<std::string(const RequestForm& form)> signed_head = {};
  bool direct = false;                          // by no proxy: what is asked is a part of the machine
  Duration patience = std::chrono::seconds(5);  // to connect, and again for the reply
};

struct WebReply {
  TransportError transport = TransportError::kNone;
  int status = 0;
  std::string body;
  std::string way = {};              // ", through the proxy ...", for messages
  std::optional<Error> unsent = {};  // nothing was sent: what names the proxy is wrong
};

class Web {
 public:
  virtual ~Web() = default;
  virtual WebReply Send(const Endpoint& endpoint, const WebRequest& request) = 0;
};

class HttpWeb final : public Web {
 public:
  // The proxy for an endpoint that is not a part of the machine.
  using Proxies = std::function<Result<std::shared_ptr<const Proxy>>(const Endpoint& endpoint)>;

  // `trust`: null where it is read when it is needed.
  HttpWeb(const Clock& clock, std::shared_ptr<const Trust> trust, Proxies proxies)
      : clock_(clock), trust_(std::move(trust)), proxies_(std::move(proxies)) {}
  WebReply Send(const Endpoint& endpoint, const WebRequest& request) override;
  // Ends the Send in progress, and every later one at once.
  void Cancel();

 private:
  const Clock& clock_;
  std::shared_ptr<const Trust> trust_;
  const Proxies proxies_;
  EventLoop loop_;
  std::atomic<bool> cancelled_{false};
};

// As it is written behind "GET ": what has to be escaped in a query, or in a form, is.
std::string UrlEncoded(std::string_view text);

}  // namespace ddb
