// Stream: one accepted connection, plain or TLS, with blocking calls; and Listener, the socket it came from.
//
// Used by one connection thread. It can end a connection as a network would: orderly, or by a reset.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

#include "scripted_server/line.h"

namespace scripted {

struct SslContextFree {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslContext = std::unique_ptr<SSL_CTX, SslContextFree>;

// Null with `error` set when the files cannot be used.
SslContext LoadTls(const std::string& certificate_file, const std::string& key_file, std::string& error);
// `clients`: a file of authorities, of which clients have to show a certificate; `version`: the only one of
// TLS that is spoken, "1.1" or "1.2". "" for neither.
bool Restrict(SSL_CTX* tls, const std::string& clients, const std::string& version);

enum class ReadResult { kData, kEnd, kTimeout };

class Stream {
 public:
  Stream(int fd, SSL_CTX* tls, Line* line);  // tls null: plain; line null: none
  ~Stream();
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  bool Handshake();  // true at once when plain
  // Appends what arrives to `buffer`, waiting at most `timeout_ms` (-1: for ever).
  ReadResult Read(std::string& buffer, int timeout_ms);
  bool Write(std::string_view bytes);
  void Reset();  // the peer sees a connection reset
  void Close();

 private:
  int fd_;
  SSL* ssl_ = nullptr;
  Line* line_;
};

// Listens on 127.0.0.1; port 0 takes a free one. `receive_buffer`: of its connections, bytes; 0: the
// system's. -1 on failure.
int Listen(int port, int& bound_port, int receive_buffer = 0);

}  // namespace scripted
