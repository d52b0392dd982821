// WatchedClient: a Client that knows since when its service has not answered, and why, so that a person who
// waits can be told while requests are tried again. What an answer means is its caller's matter. Around a
// sequence of operations that nothing else watches (the preparation of the tables). Loop thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "dynamodb/client.h"
#include "dynamodb/error_messages.h"

namespace ddb {

class WatchedClient final : public Client {
 public:
  WatchedClient(std::unique_ptr<Client> client, const Clock& clock, EndpointText endpoint)
      : clock_(clock), endpoint_(std::move(endpoint)), client_(std::move(client)) {}

  void Send(const Operation& operation, Buffer& body, Done done) override;
  size_t in_flight() const override { return client_->in_flight(); }

  // Says it into the log when it is time to. To be called every now and then.
  void SayTrouble(Log& log);

 private:
  void Note(const Reply& reply);

  const Clock& clock_;
  const EndpointText endpoint_;
  std::optional<Instant> since_;  // when the first request left that no answer came for; none: all is well
  uint64_t faults_ = 0;           // replies since then
  Verdict last_;                  // of them
  std::optional<Instant> said_at_;
  ReplyFault said_ = ReplyFault::kNone;
  std::unique_ptr<Client> client_;  // last: its destructor ends what waits, which is noted above
};

}  // namespace ddb
