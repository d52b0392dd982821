// Client: sends one DynamoDB request and gives back one classified reply. The interface that the dispatcher
// and the control plane use; HttpDynamoDbClient (below) is the real one, tests have a fake. No retries here.
// Loop thread only.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "aws/http_client.h"
#include "aws/signer.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "dynamodb/errors.h"

namespace ddb {

struct Reply {
  Verdict verdict;  // ok() for an HTTP 200 with right framing and crc32; else what happens next, and why
  std::string_view body;        // of a 200; valid during the callback only
  std::string_view request_id;  // valid during the callback only
};

// What a request asks for.
struct Operation {
  // Replies of the control plane have no measure in their requests; the largest descriptions are far below
  // this. Bytes.
  static constexpr size_t kDescription = 1024 * 1024;

  constexpr Operation() = default;
  // From the name alone where an operation is called by it. NOLINTNEXTLINE(google-explicit-constructor)
  constexpr Operation(const char* literal) : name(literal) {}
  constexpr Operation(const char* literal, size_t least) : name(literal), least_reply(least) {}

  std::string_view name;              // a literal: "DescribeTable"
  size_t least_reply = kDescription;  // bytes that a reply may always have, however short its request
};

class Client {
 public:
  using Done = std::function<void(const Reply&)>;
  virtual ~Client() = default;
  // `body` holds the JSON; it must live and stay unchanged until `done` ran (the head is written in front of
  // it). `done` never runs inside Send.
  virtual void Send(const Operation& operation, Buffer& body, Done done) = 0;
  virtual size_t in_flight() const = 0;
  // False: no request can have arrived anywhere, as no connection was ever there for one.
  virtual bool has_sent() const { return true; }
  // From now on a reply is waited for no longer than that: there is little time left for all of them.
  virtual void ShortenReplyTimeout(Duration /*timeout*/) {}
};

// What to add to our wall time when signing, learnt from the Date header of replies that refuse a signature
// for its time. Shared by all workers' clients, so that one correction serves all. Any thread.
class ClockSkew {
 public:
  int64_t OffsetMillis() const { return offset_.load(std::memory_order_relaxed); }
  // `server_seconds`: the Date header; `wall_millis`: our time when the reply was there.
  void Learn(int64_t server_seconds, int64_t wall_millis) {
    offset_.store(server_seconds * 1000 - wall_millis, std::memory_order_relaxed);
  }

 private:
  std::atomic<int64_t> offset_{0};
};

struct ClientOptions {
  HttpClient::Options http;
  std::shared_ptr<ClockSkew> clock_skew;  // null: the client's own
};

// `loop` and `clock` outlive the client. Requests that wait when the client is destroyed end as kCancelled.
std::unique_ptr<Client> MakeHttpDynamoDbClient(EventLoop& loop, const Clock& clock, const Endpoint& endpoint,
                                               std::shared_ptr<CredentialsSource> credentials,
                                               const ClientOptions& options);

}  // namespace ddb
