#include "scripted_server/server.h"

#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <thread>

namespace scripted {
namespace {

void Sleep(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

// Larger bodies are not read at all: no test sends one, and memory stays bounded.
constexpr size_t kMaxReadBytes = 256 * 1024 * 1024;

}  // namespace

void Server::Start(int listener, SSL_CTX* tls, Line* line) {
  std::thread([this, listener, tls, line] { Accept(listener, tls, line); }).detach();
}

void Server::Accept(int listener, SSL_CTX* tls, Line* line) {
  while (true) {
    int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    int connection = ++connections_;
    std::thread([this, fd, tls, line, connection] {
      Stream stream(fd, tls, line);
      if (stream.Handshake()) Serve(stream, line, connection);
    }).detach();
  }
}

void Server::Serve(Stream& stream, Line* line, int connection) {
  HttpConnection http(stream);
  HttpRequest request;
  while (true) {
    HttpResult result = http.ReadHead(request, scenario_.idle_close_ms, scenario_.max_head_bytes);
    if (result == HttpResult::kBad) {
      Reply reply;
      reply.status = 400;
      reply.faults.connection_close = true;
      http.WriteReply(reply, scenario_.clock_offset_s);
    }
    if (result != HttpResult::kOk || request.content_length > kMaxReadBytes) break;
    if (!ServeOne(stream, line, http, request, connection)) break;
  }
  stream.Close();
}

bool Server::ServeOne(Stream& stream, Line* line, HttpConnection& http, HttpRequest& request,
                      int connection) {
  if (request.path.starts_with("/__control/")) {
    return http.ReadBody(request, request.content_length) &&
           http.WriteReply(service_.ServeControl(request), 0);
  }
  if (const Action* action = service_.DecideOnHead(request, connection)) {
    Sleep(action->delay_ms);
    if (action->reset == ResetAt::kInBody) http.ReadBody(request, request.content_length / 2);
    stream.Reset();
    return false;
  }
  if (!http.ReadBody(request, request.content_length)) return false;
  if (line != nullptr) line->RoundTrip();
  Exchange exchange = service_.Serve(request, connection);
  static const Action kPlain;
  const Action& action = exchange.action != nullptr ? *exchange.action : kPlain;
  Sleep(action.delay_ms);
  bool keep = false;
  if (action.hang) {
    std::string ignored;
    while (stream.Read(ignored, -1) == ReadResult::kData) ignored.clear();
  } else if (action.reset == ResetAt::kInReply) {
    exchange.reply.faults.truncate_at = static_cast<long>(exchange.reply.body.size() / 2);
    http.WriteReply(exchange.reply, scenario_.clock_offset_s);
    Sleep(50);  // a reset overtakes bytes that are still under way
    stream.Reset();
  } else if (action.reset != ResetAt::kNever) {
    stream.Reset();
  } else {
    keep = http.WriteReply(exchange.reply, scenario_.clock_offset_s);
  }
  service_.Finished();
  return keep;
}

}  // namespace scripted
