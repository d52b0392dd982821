// Server: the sink itself: one thread, one epoll, a plain and (with a certificate) a TLS listener on
// 127.0.0.1.
//
// Every batch is answered with the same reply, at once or after the latency, which is the same for all: so
// the replies that are due stand in a queue, and one that waits holds up nobody else. GET /counters gives the
// counts as JSON.
#pragma once

#include <openssl/ssl.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "sink/connection.h"
#include "sink/tables.h"

namespace bench {

struct Counters {
  uint64_t requests = 0;  // batches
  uint64_t items = 0;
  uint64_t body_bytes = 0;   // of batches
  uint64_t connections = 0;  // accepted
  uint64_t in_flight = 0;
  uint64_t peak_in_flight = 0;  // since the counters were last asked for
};

class Server final : public Connection::Handler {
 public:
  // `tls` may be null. Ends the process if it cannot listen.
  Server(std::chrono::nanoseconds latency, SSL_CTX* tls);
  ~Server() override;

  int plain_port() const { return plain_.port; }
  int tls_port() const { return tls_listener_.port; }
  void Run(const volatile std::sig_atomic_t& stop);
  std::string CountersJson() const;

  void OnRequest(Connection& connection, const Request& request) override;

 private:
  using Clock = std::chrono::steady_clock;
  struct Listener {
    int fd = -1;
    int port = 0;
  };
  struct Client {
    std::unique_ptr<Connection> connection;
    uint64_t number = 0;
    bool watches_write = false;
  };
  struct Due {
    Clock::time_point when;
    int fd;
    uint64_t number;  // the connection's: the descriptor may be another's by then
  };

  Listener Listen();
  void Accept(const Listener& listener, SSL_CTX* tls);
  void Serve(int fd, uint32_t events);
  void AfterWork(int fd, bool alive);
  void ReplyDue();
  timespec UntilNext() const;
  static std::string Http(int status, std::string_view body);

  const std::chrono::nanoseconds latency_;
  SSL_CTX* const tls_;
  const int epoll_;
  Listener plain_, tls_listener_;
  const std::string batch_reply_;
  std::vector<char> shared_;
  std::vector<Client> clients_;  // by descriptor
  std::deque<Due> due_;          // soonest first
  Tables tables_;
  Counters counters_;
};

}  // namespace bench
