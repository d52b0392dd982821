#include "aws/tunnel.h"

#include <gtest/gtest.h>

#include <string>

namespace ddb {
namespace {

Tunnel::State FeedAll(Tunnel& reply, const std::string& text) {
  Tunnel::State state = Tunnel::State::kMore;
  for (size_t i = 0; i < text.size() && state == Tunnel::State::kMore; ++i)
    state = reply.Feed(text.substr(i, 1));
  return state;
}

TEST(Tunnel, Opens) {
  for (const std::string text : {"HTTP/1.1 200 Connection established\r\n\r\n",
                                 "HTTP/1.0 200 OK\r\nVia: x\r\n\r\n", "HTTP/1.1 299\r\n\r\n"}) {
    Tunnel whole("");
    EXPECT_EQ(whole.Feed(text), Tunnel::State::kOpen) << text;
    Tunnel pieces("");
    EXPECT_EQ(FeedAll(pieces, text), Tunnel::State::kOpen) << text;
  }
}

TEST(Tunnel, Fails) {
  const std::pair<std::string, TransportError> cases[] = {
      {"HTTP/1.1 407 Proxy Authentication Required\r\n", TransportError::kProxyLogin},
      {"HTTP/1.1 403 Forbidden\r\n\r\n<html>", TransportError::kProxyRefuses},
      {"HTTP/1.1 302 Found\r\n", TransportError::kProxyRefuses},
      {"HTTP/1.1 502 Bad Gateway\r\n", TransportError::kProxyFails},
      {"HTTP/1.1 100 Continue\r\n", TransportError::kProxyMalformed},
      {"HTTP/1.1 200 OK\r\n\r\n<html>", TransportError::kProxyMalformed},
      {"HTTP/1.1 2x0 OK\r\n\r\n", TransportError::kProxyMalformed},
      {"<html>", TransportError::kProxyMalformed},
      {"SSH-2.0-x\r\n", TransportError::kProxyMalformed},
      {"HTTP/1.1 200 OK\r\nX: " + std::string(20000, 'x'), TransportError::kProxyMalformed},
  };
  for (const auto& [text, error] : cases) {
    Tunnel reply("");
    EXPECT_EQ(reply.Feed(text), Tunnel::State::kFailed) << text.substr(0, 60);
    EXPECT_EQ(reply.error(), error) << text.substr(0, 60);
  }
  Tunnel silent("");
  EXPECT_EQ(silent.End(), Tunnel::State::kFailed);
  EXPECT_EQ(silent.error(), TransportError::kProxyFails);
  Tunnel cut("");
  EXPECT_EQ(cut.Feed("HTTP/1.1 200 O"), Tunnel::State::kMore);
  EXPECT_EQ(cut.End(), Tunnel::State::kFailed);
  EXPECT_EQ(cut.error(), TransportError::kProxyMalformed);
}

}  // namespace
}  // namespace ddb
