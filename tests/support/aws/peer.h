// The server's end of one connection, in tests of the HTTP client. Tests only.
#pragma once

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace ddb::testkit {

// Blocking; every read ends when the server goes.
class Peer {
 public:
  Peer(int fd, SSL_CTX* tls) : fd_(fd), ssl_(tls ? SSL_new(tls) : nullptr) {
    if (!ssl_) return;
    SSL_set_fd(ssl_, fd_);
    good_ = SSL_accept(ssl_) == 1;
  }
  ~Peer() { SSL_free(ssl_); }

  bool good() const { return good_; }
  bool resumed() const { return ssl_ && SSL_session_reused(ssl_); }
  std::string server_name() const {
    const char* name = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
    return name ? name : "";
  }
  // Head and body; empty when the client is gone.
  std::string ReadRequest() {
    std::string head = ReadHead();
    const size_t length = head.find("Content-Length: ");
    if (length == std::string::npos) return head;
    std::string body(static_cast<size_t>(std::atoi(head.c_str() + length + 16)), '\0');
    return ReadAll(body.data(), body.size()) ? head + body : "";
  }
  // False when the client is gone.
  bool ReadAll(char* data, size_t size) {
    for (size_t got = 0; got < size;) {
      const int n = Read(data + got, size - got);
      if (n <= 0) return false;
      got += static_cast<size_t>(n);
    }
    return true;
  }
  std::string ReadHead() {
    std::string head;
    char c = 0;
    while (!head.ends_with("\r\n\r\n")) {
      if (Read(&c, 1) <= 0) return "";
      head += c;
    }
    return head;
  }
  void Write(const std::string& bytes) {
    for (size_t sent = 0; sent < bytes.size();) {
      const size_t left = bytes.size() - sent;
      const int n = ssl_ ? SSL_write(ssl_, bytes.data() + sent, static_cast<int>(left))
                         : static_cast<int>(send(fd_, bytes.data() + sent, left, MSG_NOSIGNAL));
      if (n <= 0) return;
      sent += static_cast<size_t>(n);
    }
  }
  void Reply(const std::string& body, const std::string& headers = "") {
    Write("HTTP/1.1 200 OK\r\n" + headers + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
          body);
  }
  bool AtEnd() {
    char c = 0;
    return Read(&c, 1) <= 0;
  }
  // Reads to the end; how many bytes there were.
  size_t Drain() {
    std::string bytes(1 << 16, '\0');
    size_t all = 0;
    for (int n = 0; (n = Read(bytes.data(), bytes.size())) > 0;) all += static_cast<size_t>(n);
    return all;
  }
  void SayGoodbye() {
    if (ssl_) SSL_shutdown(ssl_);
  }
  // While corked, what is written waits, to leave in one segment.
  void Cork(bool on) {
    const int value = on ? 1 : 0;
    setsockopt(fd_, IPPROTO_TCP, TCP_CORK, &value, sizeof(value));
  }
  void ResetOnClose() {
    const linger off{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &off, sizeof(off));
  }

 private:
  int Read(char* data, size_t size) {
    return ssl_ ? SSL_read(ssl_, data, static_cast<int>(size)) : static_cast<int>(read(fd_, data, size));
  }

  const int fd_;
  SSL* const ssl_;
  bool good_ = true;
};

}  // namespace ddb::testkit
