#include "scripted_server/stream.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace scripted {

SslContext LoadTls(const std::string& certificate_file, const std::string& key_file, std::string& error) {
  SslContext context(SSL_CTX_new(TLS_server_method()));
  if (!context) {
    error = "no TLS context";
  } else if (SSL_CTX_use_certificate_chain_file(context.get(), certificate_file.c_str()) != 1) {
    error = "cannot use certificate " + certificate_file;
  } else if (SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    error = "cannot use key " + key_file;
  }
  if (!error.empty()) context.reset();
  return context;
}

bool Restrict(SSL_CTX* tls, const std::string& clients, const std::string& version) {
  if (!clients.empty()) {
    SSL_CTX_set_verify(tls, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    SSL_CTX_set_session_id_context(tls, reinterpret_cast<const unsigned char*>("scripted"), 8);
    if (SSL_CTX_load_verify_locations(tls, clients.c_str(), nullptr) != 1) return false;
  }
  if (version.empty()) return true;
  if (version != "1.1" && version != "1.2") return false;
  const int number = version == "1.1" ? TLS1_1_VERSION : TLS1_2_VERSION;
  SSL_CTX_set_security_level(tls, 0);  // else 1.1 is refused here already
  return SSL_CTX_set_min_proto_version(tls, number) == 1 && SSL_CTX_set_max_proto_version(tls, number) == 1;
}

Stream::Stream(int fd, SSL_CTX* tls, Line* line) : fd_(fd), line_(line) {
  int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (tls != nullptr) {
    ssl_ = SSL_new(tls);
    SSL_set_fd(ssl_, fd_);
  }
}

Stream::~Stream() { Close(); }

bool Stream::Handshake() {
  if (line_ != nullptr) line_->RoundTrip();
  if (ssl_ == nullptr) return true;
  if (line_ != nullptr) line_->RoundTrip();
  return SSL_accept(ssl_) == 1;
}

ReadResult Stream::Read(std::string& buffer, int timeout_ms) {
  if (fd_ < 0) return ReadResult::kEnd;
  if (ssl_ == nullptr || SSL_pending(ssl_) == 0) {
    pollfd wait{fd_, POLLIN, 0};
    if (poll(&wait, 1, timeout_ms) == 0) return ReadResult::kTimeout;
  }
  char bytes[65536];
  const bool slow = line_ != nullptr && line_->bounded();
  const size_t most = slow ? Line::kPiece : sizeof bytes;
  ssize_t n = ssl_ != nullptr ? SSL_read(ssl_, bytes, static_cast<int>(most)) : recv(fd_, bytes, most, 0);
  if (n <= 0) return ReadResult::kEnd;
  if (slow) line_->Carry(static_cast<size_t>(n));
  buffer.append(bytes, static_cast<size_t>(n));
  return ReadResult::kData;
}

bool Stream::Write(std::string_view bytes) {
  if (fd_ < 0) return false;
  while (!bytes.empty()) {
    ssize_t n = ssl_ != nullptr ? SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()))
                                : send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

void Stream::Reset() {
  if (fd_ < 0) return;
  linger abort{1, 0};
  setsockopt(fd_, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  if (ssl_ != nullptr) SSL_free(ssl_);
  ssl_ = nullptr;
  close(fd_);
  fd_ = -1;
}

void Stream::Close() {
  if (fd_ < 0) return;
  if (ssl_ != nullptr) SSL_free(ssl_);
  ssl_ = nullptr;
  // Without this, bytes of the peer that were not read would turn the close into a reset.
  shutdown(fd_, SHUT_WR);
  close(fd_);
  fd_ = -1;
}

int Listen(int port, int& bound_port, int receive_buffer) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // Connections inherit it; set later it would not bound what a peer may send at first.
  if (receive_buffer > 0) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd, 4096) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    close(fd);
    return -1;
  }
  bound_port = ntohs(address.sin_port);
  return fd;
}

}  // namespace scripted
