// A client that leaves requests unanswered for as long as a test likes. Test support.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "dynamodb/client.h"

namespace ddb {

// Holds what it was sent until the test answers.
class HeldClient final : public Client {
 public:
  void Send(const Operation&, Buffer& body, Done done) override {
    sent.emplace_back(std::string(body.view()), std::move(done));
  }
  size_t in_flight() const override { return sent.size(); }
  // The oldest one.
  void Answer(TransportError transport = TransportError::kNone) {
    const Done done = std::move(sent.front().second);
    sent.erase(sent.begin());
    Reply reply;
    reply.verdict.transport = transport;
    done(reply);
  }
  std::string Bodies() const {
    std::string bodies;
    for (const auto& [body, done] : sent) bodies += (bodies.empty() ? "" : " ") + body;
    return bodies;
  }
  std::vector<std::pair<std::string, Done>> sent;
};

}  // namespace ddb
