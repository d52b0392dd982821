// NameServer: a small DNS server on a port of the loopback, by UDP and TCP, on a thread of its own: A and
// AAAA of the names that it was given, NXDOMAIN for others. Tests only.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace ddb::testkit {

class NameServer {
 public:
  struct Host {
    std::vector<std::string> v4{};
    std::vector<std::string> v6{};
  };
  enum class Manner { kAnswers, kSilent, kTruncates, kFails };  // kTruncates: by UDP, "ask me by TCP"

  explicit NameServer(std::map<std::string, Host> hosts, Manner manner = Manner::kAnswers)
      : hosts_(std::move(hosts)), manner_(manner) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    bind(udp_, reinterpret_cast<sockaddr*>(&address), size);
    getsockname(udp_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    bind(tcp_, reinterpret_cast<sockaddr*>(&address), size);
    listen(tcp_, 4);
    thread_ = std::thread([this] { Serve(); });
  }
  ~NameServer() {
    ends_ = true;
    thread_.join();
    close(udp_);
    close(tcp_);
  }
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;

  std::string at() const { return "127.0.0.1:" + std::to_string(port_); }
  // The names that were asked for, in order, each as often as it was: "A name", "AAAA name", by TCP with "tcp
  // ".
  std::vector<std::string> asked() {
    const MutexLock lock(mutex_);
    return asked_;
  }

 private:
  static constexpr size_t kHead = 12;

  void Serve() {
    while (!ends_) {
      pollfd look[] = {{udp_, POLLIN, 0}, {tcp_, POLLIN, 0}};
      if (poll(look, 2, 10) <= 0) continue;
      char buffer[1024];
      if ((look[0].revents & POLLIN) != 0) {
        sockaddr_in from{};
        socklen_t size = sizeof(from);
        const ssize_t got =
            recvfrom(udp_, buffer, sizeof(buffer), 0, reinterpret_cast<sockaddr*>(&from), &size);
        const std::string reply = Reply(std::string(buffer, static_cast<size_t>(got)), false);
        if (!reply.empty())
          sendto(udp_, reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
      }
      if ((look[1].revents & POLLIN) != 0) ServeTcp();
    }
  }

  // One connection, until the peer closes it: each message has its length before it.
  void ServeTcp() {
    const int peer = accept(tcp_, nullptr, nullptr);
    uint8_t length[2];
    while (recv(peer, length, 2, MSG_WAITALL) == 2) {
      std::string message(static_cast<size_t>(length[0] << 8 | length[1]), '\0');
      if (recv(peer, message.data(), message.size(), MSG_WAITALL) != static_cast<ssize_t>(message.size()))
        break;
      const std::string reply = Reply(message, true);
      const std::string framed = Short(reply.size()) + reply;
      send(peer, framed.data(), framed.size(), MSG_NOSIGNAL);
    }
    close(peer);
  }

  static std::string Short(size_t number) {
    return {static_cast<char>(number >> 8 & 0xff), static_cast<char>(number & 0xff)};
  }

  std::string Reply(const std::string& query, bool tcp) {
    std::string name;
    size_t at = kHead;
    while (at < query.size() && query[at] != '\0') {
      const auto length = static_cast<size_t>(query[at]);
      name += (name.empty() ? "" : ".") + query.substr(at + 1, length);
      at += 1 + length;
    }
    const bool v6 = query.at(at + 2) == 28;  // AAAA
    const std::string question = query.substr(kHead, at + 5 - kHead);
    {
      const MutexLock lock(mutex_);
      asked_.push_back((tcp ? "tcp " : "") + std::string(v6 ? "AAAA " : "A ") + name);
    }
    if (manner_ == Manner::kSilent) return {};
    const auto host = hosts_.find(name);
    size_t code = host == hosts_.end() ? 3 : 0;
    if (manner_ == Manner::kFails) code = 2;
    const bool truncated = manner_ == Manner::kTruncates && !tcp;
    std::string answers;
    size_t count = 0;
    if (code == 0 && !truncated) {
      for (const std::string& text : v6 ? host->second.v6 : host->second.v4) {
        uint8_t bytes[16];
        inet_pton(v6 ? AF_INET6 : AF_INET, text.c_str(), bytes);
        const size_t size = v6 ? 16 : 4;
        answers += Short(0xc00c) + Short(v6 ? 28 : 1) + Short(1) + Short(0) + Short(60) + Short(size);
        answers.append(reinterpret_cast<const char*>(bytes), size);
        ++count;
      }
    }
    const size_t flags = 0x8180u | (truncated ? 0x200u : 0u) | code;
    return query.substr(0, 2) + Short(flags) + Short(1) + Short(count) + Short(0) + Short(0) + question +
           answers;
  }

  // Set at construction.
  const std::map<std::string, Host> hosts_;
  const Manner manner_;
  const int udp_ = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const int tcp_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  uint16_t port_ = 0;
  std::atomic<bool> ends_ = false;
  Mutex mutex_;
  std::vector<std::string> asked_ GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace ddb::testkit
