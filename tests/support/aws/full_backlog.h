// FullBacklog: an address that does not answer: a listener that accepts nobody, with no room for more. Tests
// only.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <vector>

namespace ddb::testkit {

class FullBacklog {
 public:
  FullBacklog() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address_);
    auto* const address = reinterpret_cast<sockaddr*>(&address_);
    if (bind(listener_, address, size) != 0 || listen(listener_, 0) != 0) return;
    getsockname(listener_, address, &size);
    for (int i = 0; i < 4; ++i) {
      fill_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      connect(fill_.back(), address, size);
    }
  }
  ~FullBacklog() {
    for (const int fd : fill_) close(fd);
    close(listener_);
  }
  FullBacklog(const FullBacklog&) = delete;
  FullBacklog& operator=(const FullBacklog&) = delete;

  uint16_t port() const { return ntohs(address_.sin_port); }

 private:
  const int listener_;
  sockaddr_in address_{};
  std::vector<int> fill_;
};

}  // namespace ddb::testkit
