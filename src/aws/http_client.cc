#include "aws/http_client.h"

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

#include "aws/http_connection.h"
#include "aws/proxy.h"
#include "aws/resolver.h"
#include "aws/tls.h"
#include "aws/trust.h"

namespace ddb {

namespace {

// How often deadlines are looked at. One timer for all connections: a timer for each request costs several
// system calls a request.
constexpr Duration kSweep = std::chrono::milliseconds(100);
constexpr size_t kScratch = 64 * 1024;  // bytes that one read takes at most

std::unique_ptr<TlsContext> MakeTls(const Endpoint& endpoint, const HttpClient::Options& options) {
  return std::make_unique<TlsContext>(endpoint.host,
                                      options.trust ? *options.trust : *Trust::FromEnvironment(),
                                      options.client_certificate.get());
}

}  // namespace

// The pool. Every exchange is in one place: waiting (for a connection), in a connection, or ended (failed,
// its sender not yet told). Senders are called from the loop only: by OnReply at its very end, by Deliver, or
// by Close.
struct HttpClient::Impl final : HttpConnection::Owner {
  struct Ended {
    HttpExchange exchange;
    TransportError error;
  };

  Impl(EventLoop& event_loop, const Clock& the_clock, const Endpoint& endpoint, const Options& options)
      : loop(event_loop),
        clock(the_clock),
        tls(endpoint.tls ? MakeTls(endpoint, options) : nullptr),
        resolver(event_loop, the_clock, options.proxy ? options.proxy->host : endpoint.host,
                 options.proxy ? options.proxy->port : endpoint.port,
                 {options.resolve_ttl, options.connect_timeout, options.lookup}),
        common{event_loop,
               the_clock,
               options,
               tls.get(),
               TunnelRequest(endpoint, options.proxy.get()),
               *this,
               std::vector<char>(kScratch)},
        sweep(event_loop) {}

  void Send(HttpExchange exchange);
  void Pump();
  void OpenConnections();
  void OnLookup(bool found);
  void FailWaiting(TransportError error);
  void FailLater(HttpExchange exchange, TransportError error);
  void Deliver();
  void Remove(HttpConnection& connection);
  void EnsureSweep();
  void Sweep();
  void Close();

  void OnReply(HttpConnection& connection, const HttpReply& reply) override;
  void OnClosed(HttpConnection& connection, TransportError error) override;
  void OnAddress(const Address& address, bool reached) override { resolver.Report(address, reached); }

  // Set at construction.
  EventLoop& loop;
  const Clock& clock;
  const std::unique_ptr<TlsContext> tls;                             // null: plain
  const std::shared_ptr<bool> alive = std::make_shared<bool>(true);  // for what is posted

  // Exchanges, each in one of these or in a connection.
  std::deque<HttpExchange> waiting;
  std::deque<Ended> ended;
  size_t in_flight = 0;  // all of them

  // Connections. The scratch of `common` holds the reply that is being told to its sender.
  Resolver resolver;
  HttpConnection::Common common;
  std::vector<std::unique_ptr<HttpConnection>> connections;
  std::vector<HttpConnection*> idle;  // the one used last is at the end, and used next: the rest may grow old
  std::vector<std::unique_ptr<HttpConnection>> removed;  // may still be on the stack

  // What goes on.
  EventLoop::Timer sweep;
  bool sweeping = false;  // the timer is running
  bool pumping = false;
  bool closed = false;
};

void HttpClient::Impl::Send(HttpExchange exchange) {
  if (closed) {
    loop.Post([done = std::move(exchange.done)] {
      HttpReply reply;
      reply.transport = TransportError::kCancelled;
      done(reply);
    });
    return;
  }
  ++in_flight;
  if (!idle.empty()) {
    HttpConnection* const connection = idle.back();
    idle.pop_back();
    connection->Start(std::move(exchange));
    return;
  }
  waiting.push_back(std::move(exchange));
  Pump();
}

// Opens connections for what waits, as far as there may be more of them.
void HttpClient::Impl::Pump() {
  if (pumping || closed) return;  // a connection that fails at once leads back here
  pumping = true;
  OpenConnections();
  pumping = false;
  EnsureSweep();
}

void HttpClient::Impl::OpenConnections() {
  while (!waiting.empty() && connections.size() < common.options.max_connections) {
    if (!resolver.Fresh()) {
      if (resolver.looking_up()) return;
      resolver.Lookup([this](bool found) { OnLookup(found); });
      return;
    }
    HttpExchange exchange = std::move(waiting.front());
    waiting.pop_front();
    connections.push_back(std::make_unique<HttpConnection>(common));
    connections.back()->Open(resolver.Addresses(), std::move(exchange));
  }
}

void HttpClient::Impl::OnLookup(bool found) {
  if (found) {
    Pump();
  } else {
    FailWaiting(TransportError::kResolve);
  }
}

void HttpClient::Impl::FailWaiting(TransportError error) {
  while (!waiting.empty()) {
    FailLater(std::move(waiting.front()), error);
    waiting.pop_front();
  }
}

void HttpClient::Impl::FailLater(HttpExchange exchange, TransportError error) {
  ended.push_back({std::move(exchange), error});
  loop.Post([this, still = std::weak_ptr<bool>(alive)] {
    if (!still.expired()) Deliver();
  });
}

void HttpClient::Impl::Deliver() {
  const Ended first = std::move(ended.front());
  ended.pop_front();
  --in_flight;
  HttpReply reply;
  reply.transport = first.error;
  first.exchange.done(reply);  // may destroy this
}

void HttpClient::Impl::OnReply(HttpConnection& connection, const HttpReply& reply) {
  const HttpExchange exchange = *connection.TakeExchange();
  --in_flight;
  if (!connection.idle()) {
    Remove(connection);
    Pump();
  } else if (waiting.empty()) {
    idle.push_back(&connection);
  } else {
    // The reply stays valid: nothing is read before the loop turns.
    HttpExchange next = std::move(waiting.front());
    waiting.pop_front();
    connection.Start(std::move(next));
  }
  exchange.done(reply);  // may destroy this
}

void HttpClient::Impl::OnClosed(HttpConnection& connection, TransportError error) {
  std::optional<HttpExchange> exchange = connection.TakeExchange();
  Remove(connection);
  if (exchange) FailLater(*std::move(exchange), error);
  Pump();
}

void HttpClient::Impl::Remove(HttpConnection& connection) {
  std::erase(idle, &connection);
  const auto found = std::find_if(connections.begin(), connections.end(),
                                  [&connection](const auto& held) { return held.get() == &connection; });
  removed.push_back(std::move(*found));
  connections.erase(found);
  EnsureSweep();
}

void HttpClient::Impl::EnsureSweep() {
  if (sweeping || (connections.empty() && removed.empty() && waiting.empty())) return;
  sweeping = true;
  sweep.StartAfter(kSweep, [this] { Sweep(); });
}

void HttpClient::Impl::Sweep() {
  sweeping = false;
  removed.clear();
  const Instant now = clock.Now();
  resolver.CheckDeadline(now);
  // Those that close are kept in `removed` meanwhile.
  std::vector<HttpConnection*> all;
  all.reserve(connections.size());
  for (const auto& connection : connections) all.push_back(connection.get());
  for (HttpConnection* connection : all) connection->CheckDeadline(now);
  EnsureSweep();
}

void HttpClient::Impl::Close() {
  closed = true;
  std::vector<HttpExchange> cancelled;
  cancelled.reserve(in_flight);
  for (Ended& one : ended) cancelled.push_back(std::move(one.exchange));
  for (const auto& connection : connections) {
    if (std::optional<HttpExchange> exchange = connection->TakeExchange())
      cancelled.push_back(*std::move(exchange));
  }
  for (HttpExchange& exchange : waiting) cancelled.push_back(std::move(exchange));
  ended.clear();
  waiting.clear();
  connections.clear();
  in_flight = 0;
  HttpReply reply;
  reply.transport = TransportError::kCancelled;
  for (const HttpExchange& exchange : cancelled) exchange.done(reply);
}

HttpClient::HttpClient(EventLoop& loop, const Clock& clock, const Endpoint& endpoint, const Options& options)
    : impl_(std::make_unique<Impl>(loop, clock, endpoint, options)) {}

HttpClient::~HttpClient() { impl_->Close(); }

void HttpClient::Send(std::string_view bytes, size_t max_reply, Done done) {
  impl_->Send({bytes, max_reply, std::move(done)});
}

void HttpClient::ShortenReplyTimeout(Duration timeout) {
  Duration& now = impl_->common.options.reply_timeout;
  now = std::min(now, timeout);
}

size_t HttpClient::in_flight() const { return impl_->in_flight; }
bool HttpClient::has_sent() const { return impl_->common.sent; }

}  // namespace ddb
