// A small server for tests of the HTTP client: every connection has a thread, which runs what the test gave.
// Tests only.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "support/aws/certificates.h"
#include "support/aws/peer.h"

namespace ddb::testkit {

class HttpServer {
 public:
  using Serve =
      std::function<void(Peer&)>;  // on a thread of its own; the connection is closed when it returns

  explicit HttpServer(Serve serve, const Identity* identity = nullptr, int family = AF_INET)
      : serve_(std::move(serve)) {
    if (identity) {
      tls_ = SSL_CTX_new(TLS_server_method());
      SSL_CTX_use_certificate(tls_, identity->certificate.get());
      SSL_CTX_use_PrivateKey(tls_, identity->key.get());
    }
    listener_ = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in6 v6{};
    sockaddr_in v4{};
    v6.sin6_family = AF_INET6;
    v6.sin6_addr = in6addr_loopback;
    v4.sin_family = AF_INET;
    v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool is_v6 = family == AF_INET6;
    auto* const address = is_v6 ? reinterpret_cast<sockaddr*>(&v6) : reinterpret_cast<sockaddr*>(&v4);
    socklen_t size = is_v6 ? sizeof(v6) : sizeof(v4);
    if (bind(listener_, address, size) != 0 || listen(listener_, 512) != 0) return;
    getsockname(listener_, address, &size);
    port_ = ntohs(is_v6 ? v6.sin6_port : v4.sin_port);
    acceptor_ = std::thread([this] { Accept(); });
  }
  ~HttpServer() {
    stopping_ = true;
    shutdown(listener_, SHUT_RDWR);
    if (acceptor_.joinable()) acceptor_.join();
    {
      const MutexLock lock(mutex_);
      for (const int fd : open_) shutdown(fd, SHUT_RDWR);
    }
    for (std::thread& thread : threads_) thread.join();
    close(listener_);
    SSL_CTX_free(tls_);
  }

  // For connections that are accepted later: how much of what was sent is held before it is read.
  void LimitReceiveBuffer(int bytes) { setsockopt(listener_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes)); }
  SSL_CTX* tls() { return tls_; }  // to be changed before a client connects

  uint16_t port() const { return port_; }  // 0: the family is not there
  int accepted() const { return accepted_; }

 private:
  void Accept() {
    for (;;) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) {
        if (stopping_) return;
        continue;
      }
      ++accepted_;
      {
        const MutexLock lock(mutex_);
        open_.push_back(fd);
      }
      threads_.emplace_back([this, fd] {
        {
          Peer peer(fd, tls_);
          if (peer.good()) serve_(peer);
        }
        const MutexLock lock(mutex_);
        std::erase(open_, fd);
        close(fd);
      });
    }
  }

  const Serve serve_;
  SSL_CTX* tls_ = nullptr;
  int listener_ = -1;
  uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  std::atomic<int> accepted_{0};
  Mutex mutex_;
  std::vector<int> open_ GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;  // acceptor's, then the destructor's
  std::thread acceptor_;
};

}  // namespace ddb::testkit
