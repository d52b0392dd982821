// Client: sends one DynamoDB request and gives back one classified reply. The interface that the dispatcher
// and the control plane use; HttpDynamoDbClient (below) is the real one, tests have a fake. No retries here.
// Loop thread only.
#pragma once

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

class Client {
 public:
  using Done = std::function<void(const Reply&)>;
  virtual ~Client() = default;
  // `operation`: e.g. "BatchWriteItem" (a literal). `body` holds the JSON; it must live and stay unchanged
  // until `done` ran (the head is written in front of it). `done` never runs inside Send.
  virtual void Send(std::string_view operation, Buffer& body, Done done) = 0;
  virtual size_t in_flight() const = 0;
};

// Clock skew learnt from replies' Date headers; shared by all workers' clients, so that one correction serves
// all.
class ClockSkew;

struct ClientOptions {
  HttpClient::Options http;
};

std::unique_ptr<Client> MakeHttpDynamoDbClient(EventLoop& loop, const Clock& clock, const Endpoint& endpoint,
                                               std::shared_ptr<const CredentialsSource> credentials,
                                               const ClientOptions& options);

}  // namespace ddb
