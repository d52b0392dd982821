#include "aws/tunnel.h"

#include "aws/tcp.h"
#include "base/text.h"

namespace ddb {
namespace {

constexpr size_t kMaxHead = 16 * 1024;

}  // namespace

Tunnel::State Tunnel::Fail(TransportError error) {
  error_ = error;
  return State::kFailed;
}

Tunnel::State Tunnel::Step(int fd, std::vector<char>& scratch) {
  size_t size = 0;
  while (!unsent_.empty()) {
    const tcp::Io io = tcp::Write(fd, unsent_, &size);
    if (io == tcp::Io::kWait) return State::kWantsToWrite;
    if (io != tcp::Io::kOk) return Fail(TransportError::kProxyFails);
    unsent_.remove_prefix(size);
  }
  for (;;) {
    const tcp::Io io = tcp::Read(fd, scratch.data(), scratch.size(), &size);
    if (io == tcp::Io::kWait) return State::kMore;
    const State state = io == tcp::Io::kOk ? Feed({scratch.data(), size}) : End();
    if (state != State::kMore) return state;
  }
}

Tunnel::State Tunnel::End() {
  return Fail(head_.empty() ? TransportError::kProxyFails : TransportError::kProxyMalformed);
}

Tunnel::State Tunnel::Feed(std::string_view bytes) {
  head_ += bytes;
  constexpr std::string_view kHttp = "HTTP/1.";
  const std::string_view head = head_;
  if (head.substr(0, kHttp.size()) != kHttp.substr(0, head.size()))
    return Fail(TransportError::kProxyMalformed);
  constexpr size_t kStatus = 9;  // "HTTP/1.1 200"
  if (head.size() >= kStatus + 3) {
    const std::string_view digits = head.substr(kStatus, 3);
    if (head[kStatus - 1] != ' ' || !IsDigit(digits[0]) || !IsDigit(digits[1]) || !IsDigit(digits[2])) {
      return Fail(TransportError::kProxyMalformed);
    }
    // A refusal has said all there is to know; its page, which may have no end, is not waited for.
    if (digits == "407") return Fail(TransportError::kProxyLogin);
    if (digits[0] == '5') return Fail(TransportError::kProxyFails);
    if (digits[0] == '1') return Fail(TransportError::kProxyMalformed);
    if (digits[0] != '2') return Fail(TransportError::kProxyRefuses);
  }
  const size_t end = head.find("\r\n\r\n");
  if (end == std::string_view::npos) {
    return head.size() > kMaxHead ? Fail(TransportError::kProxyMalformed) : State::kMore;
  }
  return end + 4 == head.size() ? State::kOpen : Fail(TransportError::kProxyMalformed);
}

}  // namespace ddb
