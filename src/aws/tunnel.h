// Tunnel: asks a proxy for a connection to the endpoint (CONNECT), and reads what it answers: the head of a
// reply, and nothing behind it. Loop thread only; never waits.
// https://www.rfc-editor.org/rfc/rfc9110.html#name-connect
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "aws/transport_error.h"

namespace ddb {

class Tunnel {
 public:
  enum class State { kWantsToWrite, kMore, kOpen, kFailed };

  explicit Tunnel(std::string_view request) : unsent_(request) {}  // which outlives the tunnel

  // Goes on over the connection to the proxy, until that would have to wait.
  State Step(int fd, std::vector<char>& scratch);
  // What came. Behind kOpen all bytes are the endpoint's own, which speaks only when it is spoken to.
  State Feed(std::string_view bytes);
  // Nothing more comes.
  State End();
  TransportError error() const { return error_; }  // after kFailed

 private:
  State Fail(TransportError error);

  std::string_view unsent_;
  std::string head_;
  TransportError error_ = TransportError::kNone;
};

}  // namespace ddb
