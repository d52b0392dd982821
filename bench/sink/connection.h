// Connection: one accepted socket of the sink: bytes in, HTTP/1.1 requests out of them, replies back, plain
// or through OpenSSL. Sink's one thread.
//
// It reads into a buffer that all connections share, keeps of a batch's body no more than the count of its
// items, and takes no further request while a reply is due.
#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sink/put_counter.h"

namespace bench {

struct Request {
  std::string_view target;  // X-Amz-Target, "" for a GET
  std::string_view path;
  bool is_batch = false;
  size_t items = 0;  // of a batch
  size_t body_bytes = 0;
  std::string body;  // of all else
};

class Connection {
 public:
  class Handler {
   public:
    virtual ~Handler() = default;
    // Reply() is called for it, now or later.
    virtual void OnRequest(Connection& connection, const Request& request) = 0;
  };

  // Takes the non-blocking socket over. `tls` may be null: plain.
  Connection(int fd, SSL_CTX* tls, Handler& handler, std::vector<char>& shared);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // False: the connection has ended.
  bool OnReady(bool readable, bool writable);
  bool Reply(std::string_view bytes);
  bool wants_write() const { return !out_.empty() || tls_wants_write_; }
  int fd() const { return fd_; }

 private:
  struct FreeSsl {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };
  enum class Phase { kHead, kBody, kReplyDue, kBroken };

  // Bytes, 0 for "later", -1 for the end.
  ssize_t Read(char* to, size_t size);
  ssize_t Write(const char* from, size_t size);
  bool TlsFailed(int result);
  bool ReadAll();
  bool FlushOut();
  void Feed(std::string_view bytes);
  std::string_view TakeHead(std::string_view bytes);
  std::string_view TakeBody(std::string_view bytes);
  void ParseHead(std::string_view head);

  const int fd_;
  Handler& handler_;
  std::vector<char>& shared_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
  bool tls_wants_write_ = false;
  Phase phase_ = Phase::kHead;
  std::string head_;     // while its end is missing, and of the request that is being read
  std::string waiting_;  // came before the reply to the request before it
  size_t left_ = 0;      // of the body
  Request request_;
  PutCounter counter_;
  std::string out_;
};

}  // namespace bench
