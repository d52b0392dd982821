// HttpClient: HTTP/1.1 to one endpoint over a pool of kept-alive connections, plain or TLS, on one event
// loop.
//
// It sends the bytes it is given (head and body in one run), reads one reply, and checks its framing
// strictly. It does not retry, sign, queue without bound or know DynamoDB. Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "aws/endpoint.h"
#include "base/clock.h"
#include "base/event_loop.h"
#include "base/literal.h"

namespace ddb {

struct Address;

// What went wrong below HTTP. Every one but the kTls* names leaves the outcome of the request unknown or
// undone: retryable.
enum class TransportError {
  kNone,
  kResolve,          // the name has no address
  kRefused,          // no address accepted a connection (refused, unreachable)
  kNoDescriptor,     // this process, or the system, has no file descriptor left
  kConnectTimeout,   // connect or TLS handshake took too long
  kTlsUntrusted,     // the certificate's chain does not end in a trusted root
  kTlsExpired,       // the certificate is expired or not yet valid
  kTlsWrongName,     // the certificate is for another host
  kTlsOther,         // no common version or cipher, not TLS at all, ...
  kSpeaksTls,        // a TLS alert came back for plain HTTP
  kReset,            // closed or reset before a reply
  kCutShort,         // closed or reset in the middle of one
  kTimeout,          // no whole reply before the deadline
  kTwoLengths,       // more than one Content-Length, and they contradict each other
  kUnknownEncoding,  // a Content-Encoding that was not asked for and is not known
  kBrokenEncoding,   // one that is known, of a body that it does not fit
  kMalformed,        // not HTTP
  kReplyTooLarge,    // over the caller's limit
  kCancelled,        // the client was closed
};
Text TransportErrorText(TransportError error);  // "connection refused", for messages

struct HttpReply {
  TransportError transport = TransportError::kNone;
  int status = 0;         // 200..599 when transport is kNone
  std::string_view body;  // valid during the callback only
  std::string_view
      request_id;  // x-amzn-RequestId, "" if absent or not of [A-Za-z0-9-]; valid during the callback only
  int64_t date_seconds = 0;  // Date header as seconds since 1970, 0 if absent: for clock skew
  bool has_crc32 = false;    // x-amz-crc32
  uint32_t crc32 = 0;
};

class HttpClient {
 public:
  using Done = std::function<void(const HttpReply&)>;
  struct Options {
    size_t max_connections = 64;
    Duration connect_timeout = std::chrono::seconds(10);  // TCP connect, and again TLS handshake
    // From the last bytes of the request that the peer acknowledged to the whole reply: a slow line is not a
    // dead one, and what the kernel holds has not arrived.
    Duration reply_timeout = std::chrono::seconds(30);
    Duration idle_close = std::chrono::seconds(45);   // the service closes idle connections after about 60 s
    Duration resolve_ttl = std::chrono::seconds(30);  // answers of the resolver are this old at most
    // In place of the system's; runs on threads of its own (aws/resolver.h).
    std::function<std::vector<Address>(const std::string& host, const std::string& port)> lookup;
  };

  HttpClient(EventLoop& loop, const Clock& clock, const Endpoint& endpoint, const Options& options);
  ~HttpClient();  // every waiting request ends as kCancelled, within the destructor
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Sends `bytes`, which must stay as they are until `done` ran. Over max_connections, requests wait in order
  // (their reply_timeout starts when they are sent): the caller bounds how many it sends. `max_reply` bounds
  // the body in bytes. `done` never runs inside Send.
  void Send(std::string_view bytes, size_t max_reply, Done done);

  size_t in_flight() const;  // sent or waiting for a connection

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ddb
