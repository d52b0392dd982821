// Server: accepts connections and gives each its own thread, which reads requests, asks the Service, and ends
// the connection as the scenario says. Runs until the process ends.
#pragma once

#include "scripted_server/service.h"
#include "scripted_server/stream.h"

namespace scripted {

class Server {
 public:
  Server(Service& service, const Scenario& scenario) : service_(service), scenario_(scenario) {}
  // Accepts from `listener` on a thread of its own; `tls` null: plain; `line` null: as fast as it can be.
  void Start(int listener, SSL_CTX* tls, Line* line);

 private:
  void Accept(int listener, SSL_CTX* tls, Line* line);
  void Serve(Stream& stream, Line* line, int connection);
  bool ServeOne(Stream& stream, Line* line, HttpConnection& http, HttpRequest& request, int connection);

  Service& service_;
  const Scenario& scenario_;
  std::atomic<int> connections_{0};
};

}  // namespace scripted
