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
#include "aws/name_lookup.h"
#include "aws/transport_error.h"
#include "base/clock.h"
#include "base/event_loop.h"

namespace ddb {

class ClientCertificate;
struct Proxy;
class Trust;

struct HttpReply {
  TransportError transport = TransportError::kNone;
  int status = 0;  // 200..999 when transport is kNone
  // All views are valid during the callback only.
  std::string_view body;        // unpacked; of an error that is too long, or cannot be unpacked, a part or ""
  std::string_view sent_body;   // as it came
  std::string_view request_id;  // x-amzn-RequestId, "" if absent or not of [A-Za-z0-9-]
  std::string_view error_type;  // x-amzn-ErrorType, the server's text
  std::string_view location;    // the server's text
  int64_t date_seconds = 0;     // Date header as seconds since 1970, 0 if absent: for clock skew
  bool has_crc32 = false;       // x-amz-crc32
  uint32_t crc32 = 0;
  // The body lasted until the connection ended: nothing but the body itself shows whether it is whole.
  bool open_ended = false;
  bool cut_off = false;  // and that was no end in good order
  bool stalled = false;  // or it did not end, and was waited for no longer
};

class HttpClient {
 public:
  using Done = std::function<void(const HttpReply&)>;
  struct Options {
    size_t max_connections = 64;
    Duration connect_timeout = std::chrono::seconds(10);  // TCP connect, and again TLS handshake
    // From the last bytes of the request that the peer acknowledged, or of the reply that came, to the whole
    // reply: a slow line is not a dead one, and what the kernel holds has not arrived. Once a reply has
    // begun, it may take kSlowestReply of these.
    Duration reply_timeout = std::chrono::seconds(30);
    static constexpr int kSlowestReply = 4;
    // A body that the end of the connection should end, of a server that does not end it, is taken as it is
    // when nothing more comes for so long; sooner if it may be whole.
    static constexpr Duration kSilentOpenEnd = std::chrono::seconds(5);
    static constexpr Duration kSilentWholeBody = std::chrono::seconds(1);
    Duration idle_close = std::chrono::seconds(45);   // the service closes idle connections after about 60 s
    Duration resolve_ttl = std::chrono::seconds(30);  // answers of the resolver are this old at most
    std::shared_ptr<const Trust> trust;  // null: read from the environment, by this client for itself
    std::shared_ptr<const ClientCertificate> client_certificate;  // null: none is shown
    LookupFunction lookup;                                        // empty: the system's name servers
    // Through which the endpoint is reached; null: none. What it wants in the heads of requests for plain
    // HTTP (FormFor) is in the bytes that are sent.
    std::shared_ptr<const Proxy> proxy;
  };

  HttpClient(EventLoop& loop, const Clock& clock, const Endpoint& endpoint, const Options& options);
  ~HttpClient();  // every waiting request ends as kCancelled, within the destructor
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  // Sends `bytes`, which must stay as they are until `done` ran. Over max_connections, requests wait in order
  // (their reply_timeout starts when they are sent): the caller bounds how many it sends. `max_reply` bounds
  // the body in bytes. `done` never runs inside Send.
  void Send(std::string_view bytes, size_t max_reply, Done done);

  // From now on a reply is waited for no longer than that.
  void ShortenReplyTimeout(Duration timeout);

  size_t in_flight() const;  // sent or waiting for a connection
  bool has_sent() const;     // a connection was there, and a request was given to it

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ddb
