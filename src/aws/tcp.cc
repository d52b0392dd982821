#include "aws/tcp.h"

#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "aws/address.h"

namespace ddb::tcp {
namespace {

// What the kernel holds of a request that has not left yet, in bytes: without a bound it is some megabytes,
// sent in vain when the request is given up. (What is under way is not in it: that follows the line.)
constexpr int kUnsentInKernel = 128 * 1024;

}  // namespace

int StartConnecting(const Address& address) {
  const int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -1;
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &kUnsentInKernel, sizeof(kUnsentInKernel));
  if (connect(fd, address.get(), address.size) == 0 || errno == EINPROGRESS || errno == EINTR) return fd;
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}

Io Read(int fd, char* data, size_t size, size_t* done) {
  for (;;) {
    const ssize_t n = recv(fd, data, size, 0);
    if (n > 0) *done = static_cast<size_t>(n);
    if (n >= 0) return n > 0 ? Io::kOk : Io::kEnd;
    if (errno != EINTR) return errno == EAGAIN ? Io::kWait : Io::kFailed;
  }
}

Io Write(int fd, std::string_view bytes, size_t* done) {
  for (;;) {
    const ssize_t n = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      *done = static_cast<size_t>(n);
      return Io::kOk;
    }
    if (errno != EINTR) return errno == EAGAIN ? Io::kWait : Io::kFailed;
  }
}

uint64_t Unacknowledged(int fd) {
  int held = 0;
  return ioctl(fd, SIOCOUTQ, &held) == 0 ? static_cast<uint64_t>(held) : 0;
}

}  // namespace ddb::tcp
