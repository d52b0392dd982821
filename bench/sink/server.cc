#include "sink/server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>

namespace bench {
namespace {

[[noreturn]] void Fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

}  // namespace

std::string Server::Http(int status, std::string_view body) {
  const uLong crc = crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return "HTTP/1.1 " + std::string(status == 200 ? "200 OK" : "400 Bad Request") +
         "\r\nServer: Server\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: " +
         std::to_string(body.size()) +
         "\r\nConnection: keep-alive\r\nx-amzn-RequestId: "
         "0000000000000000000000000000000000000000000000000000"
         "\r\nx-amz-crc32: " +
         std::to_string(crc) + "\r\n\r\n" + std::string(body);
}

Server::Server(std::chrono::nanoseconds latency, SSL_CTX* tls)
    : latency_(latency),
      tls_(tls),
      epoll_(epoll_create1(EPOLL_CLOEXEC)),
      plain_(Listen()),
      batch_reply_(Http(200, R"({"UnprocessedItems":{}})")),
      shared_(256 * 1024) {
  if (tls_ != nullptr) tls_listener_ = Listen();
}

Server::~Server() {
  clients_.clear();
  for (const int fd : {plain_.fd, tls_listener_.fd, epoll_}) {
    if (fd >= 0) close(fd);
  }
}

Server::Listener Server::Listen() {
  Listener listener;
  listener.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  if (listener.fd < 0 || bind(listener.fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener.fd, 4096) != 0 ||
      getsockname(listener.fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    Fail("listen");
  }
  listener.port = ntohs(address.sin_port);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = listener.fd;
  if (epoll_ctl(epoll_, EPOLL_CTL_ADD, listener.fd, &event) != 0) Fail("epoll_ctl");
  return listener;
}

void Server::Accept(const Listener& listener, SSL_CTX* tls) {
  for (;;) {
    const int fd = accept4(listener.fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    if (clients_.size() <= static_cast<size_t>(fd)) clients_.resize(static_cast<size_t>(fd) + 1);
    clients_[static_cast<size_t>(fd)] =
        Client{std::make_unique<Connection>(fd, tls, *this, shared_), ++counters_.connections, false};
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) Fail("epoll_ctl");
  }
}

void Server::OnRequest(Connection& connection, const Request& request) {
  if (!request.is_batch) {
    if (request.path == "/counters") {
      connection.Reply(Http(200, CountersJson()));
      counters_.peak_in_flight = counters_.in_flight;
    } else {
      const Answer answer = tables_.Handle(request.target, request.body);
      connection.Reply(Http(answer.status, answer.body));
    }
    return;
  }
  ++counters_.requests;
  counters_.items += request.items;
  counters_.body_bytes += request.body_bytes;
  counters_.peak_in_flight = std::max(counters_.peak_in_flight, ++counters_.in_flight);
  if (latency_.count() > 0) {
    due_.push_back(
        {Clock::now() + latency_, connection.fd(), clients_[static_cast<size_t>(connection.fd())].number});
  } else {
    --counters_.in_flight;
    connection.Reply(batch_reply_);
  }
}

void Server::ReplyDue() {
  const Clock::time_point now = Clock::now();
  while (!due_.empty() && due_.front().when <= now) {
    const Due due = due_.front();
    due_.pop_front();
    --counters_.in_flight;
    Client& client = clients_[static_cast<size_t>(due.fd)];
    if (client.connection != nullptr && client.number == due.number) {
      AfterWork(due.fd, client.connection->Reply(batch_reply_));
    }
  }
}

void Server::Serve(int fd, uint32_t events) {
  Client& client = clients_[static_cast<size_t>(fd)];
  if (client.connection == nullptr) return;
  const bool readable = (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0;
  AfterWork(fd, client.connection->OnReady(readable, (events & EPOLLOUT) != 0));
}

void Server::AfterWork(int fd, bool alive) {
  Client& client = clients_[static_cast<size_t>(fd)];
  if (!alive) {
    client.connection.reset();
    return;
  }
  if (client.connection->wants_write() == client.watches_write) return;
  client.watches_write = !client.watches_write;
  epoll_event event{};
  event.events = client.watches_write ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.fd = fd;
  epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event);
}

timespec Server::UntilNext() const {
  const auto wait =
      std::max<std::chrono::nanoseconds>(due_.front().when - Clock::now(), std::chrono::nanoseconds(0));
  return {static_cast<time_t>(wait.count() / 1'000'000'000), static_cast<long>(wait.count() % 1'000'000'000)};
}

void Server::Run(const volatile std::sig_atomic_t& stop) {
  // Signals come in while waiting only, so that none is missed.
  sigset_t while_waiting;
  sigprocmask(SIG_BLOCK, nullptr, &while_waiting);
  sigdelset(&while_waiting, SIGTERM);
  sigdelset(&while_waiting, SIGINT);
  epoll_event events[512];
  while (stop == 0) {
    const timespec wait = due_.empty() ? timespec{} : UntilNext();
    const int n = epoll_pwait2(epoll_, events, 512, due_.empty() ? nullptr : &wait, &while_waiting);
    if (n < 0 && errno != EINTR) Fail("epoll_pwait2");
    for (int i = 0; i < n; ++i) {
      const int fd = events[i].data.fd;
      if (fd == plain_.fd) {
        Accept(plain_, nullptr);
      } else if (fd == tls_listener_.fd) {
        Accept(tls_listener_, tls_);
      } else {
        Serve(fd, events[i].events);
      }
    }
    ReplyDue();
  }
}

std::string Server::CountersJson() const {
  return "{\"requests\":" + std::to_string(counters_.requests) +
         ",\"items\":" + std::to_string(counters_.items) +
         ",\"body_bytes\":" + std::to_string(counters_.body_bytes) +
         ",\"connections\":" + std::to_string(counters_.connections) +
         ",\"peak_in_flight\":" + std::to_string(counters_.peak_in_flight) + "}";
}

}  // namespace bench
