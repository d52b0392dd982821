#include "sink/connection.h"

#include <openssl/err.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

namespace bench {

Connection::Connection(int fd, SSL_CTX* tls, Handler& handler, std::vector<char>& shared)
    : fd_(fd), handler_(handler), shared_(shared) {
  if (tls == nullptr) return;
  ssl_.reset(SSL_new(tls));
  SSL_set_fd(ssl_.get(), fd_);
  SSL_set_accept_state(ssl_.get());
}

Connection::~Connection() { close(fd_); }

// True: only not now.
bool Connection::TlsFailed(int result) {
  const int error = SSL_get_error(ssl_.get(), result);
  tls_wants_write_ = error == SSL_ERROR_WANT_WRITE;
  ERR_clear_error();
  return error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE;
}

ssize_t Connection::Read(char* to, size_t size) {
  if (ssl_ != nullptr) {
    size_t n = 0;
    const int result = SSL_read_ex(ssl_.get(), to, size, &n);
    if (result == 1) return static_cast<ssize_t>(n);
    return TlsFailed(result) ? -1 : 0;
  }
  const ssize_t n = recv(fd_, to, size, 0);
  if (n > 0) return n;
  return n < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : -1;
}

ssize_t Connection::Write(const char* from, size_t size) {
  if (ssl_ != nullptr) {
    size_t n = 0;
    const int result = SSL_write_ex(ssl_.get(), from, size, &n);
    if (result == 1) return static_cast<ssize_t>(n);
    return TlsFailed(result) ? -1 : 0;
  }
  const ssize_t n = send(fd_, from, size, MSG_NOSIGNAL);
  if (n >= 0) return n;
  return errno == EAGAIN || errno == EINTR ? 0 : -1;
}

bool Connection::FlushOut() {
  while (!out_.empty()) {
    const ssize_t n = Write(out_.data(), out_.size());
    if (n < 0) return false;
    if (n == 0) return true;
    out_.erase(0, static_cast<size_t>(n));
  }
  return true;
}

bool Connection::OnReady(bool readable, bool writable) {
  tls_wants_write_ = false;
  if (writable && !FlushOut()) return false;
  return (!readable && ssl_ == nullptr) || ReadAll();
}

bool Connection::ReadAll() {
  for (;;) {
    const ssize_t n = Read(shared_.data(), shared_.size());
    if (n <= 0) return n == 0;
    Feed({shared_.data(), static_cast<size_t>(n)});
    if (phase_ == Phase::kBroken) return false;
    // A short read of a socket has emptied it; OpenSSL gives a record at a time.
    if (ssl_ == nullptr && static_cast<size_t>(n) < shared_.size()) return true;
  }
}

void Connection::Feed(std::string_view bytes) {
  while (!bytes.empty() && phase_ != Phase::kBroken) {
    switch (phase_) {
      case Phase::kHead:
        bytes = TakeHead(bytes);
        break;
      case Phase::kBody:
        bytes = TakeBody(bytes);
        break;
      case Phase::kReplyDue:
        waiting_.append(bytes);
        return;
      case Phase::kBroken:
        return;
    }
  }
}

std::string_view Connection::TakeHead(std::string_view bytes) {
  constexpr std::string_view kEnd = "\r\n\r\n";
  const size_t before = head_.size();
  head_.append(bytes.substr(0, 4096));
  const size_t end = head_.find(kEnd, before < 3 ? 0 : before - 3);
  if (end == std::string::npos) {
    if (head_.size() > 64 * 1024) phase_ = Phase::kBroken;
    return bytes.substr(head_.size() - before);
  }
  head_.resize(end + kEnd.size());
  ParseHead(head_);
  if (phase_ != Phase::kBroken && left_ == 0) TakeBody({});
  return bytes.substr(end + kEnd.size() - before);
}

void Connection::ParseHead(std::string_view head) {
  request_ = Request();
  counter_.Reset();
  left_ = 0;
  size_t at = head.find("\r\n");
  const std::string_view line = head.substr(0, at);
  const size_t path = line.find(' ') + 1;
  request_.path = line.substr(path, line.find(' ', path) - path);
  while ((at += 2) + 2 < head.size()) {
    const size_t end = head.find("\r\n", at);
    const size_t colon = head.find(':', at);
    const std::string_view name = head.substr(at, colon - at);
    std::string_view value = head.substr(colon + 1, end - colon - 1);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    const auto is = [&](std::string_view wanted) {
      return name.size() == wanted.size() && strncasecmp(name.data(), wanted.data(), name.size()) == 0;
    };
    if (is("content-length")) {
      left_ = std::strtoull(value.data(), nullptr, 10);
    } else if (is("x-amz-target")) {
      request_.target = value;
    } else if (is("transfer-encoding")) {
      phase_ = Phase::kBroken;  // no client here sends chunks
      return;
    }
    at = end;
  }
  request_.is_batch = request_.target.ends_with(".BatchWriteItem");
  request_.body_bytes = left_;
  phase_ = Phase::kBody;
}

std::string_view Connection::TakeBody(std::string_view bytes) {
  const std::string_view piece = bytes.substr(0, std::min(left_, bytes.size()));
  left_ -= piece.size();
  if (request_.is_batch) {
    request_.items += counter_.Add(piece);
  } else {
    request_.body.append(piece);
  }
  if (left_ == 0) {
    phase_ = Phase::kReplyDue;
    handler_.OnRequest(*this, request_);
  }
  return bytes.substr(piece.size());
}

bool Connection::Reply(std::string_view bytes) {
  phase_ = Phase::kHead;
  head_.clear();
  if (out_.empty()) {
    const ssize_t n = Write(bytes.data(), bytes.size());
    if (n < 0) phase_ = Phase::kBroken;
    if (n >= 0) bytes.remove_prefix(static_cast<size_t>(n));
  }
  out_.append(bytes);
  if (!waiting_.empty() && phase_ == Phase::kHead) Feed(std::exchange(waiting_, {}));
  return phase_ != Phase::kBroken;
}

}  // namespace bench
