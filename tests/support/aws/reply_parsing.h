// Replies fed to a ReplyParser in every way in which they can be cut into pieces. Only tests include this.
#pragma once

#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "aws/reply_parser.h"

namespace ddb::testkit {

using State = ReplyParser::State;

inline constexpr size_t kMaxBody = 1000;

struct Outcome {
  State state = State::kMore;
  int status = 0;
  std::string body;
  bool keep_alive = false;
  bool operator==(const Outcome&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const Outcome& o) {
  return out << "state " << static_cast<int>(o.state) << " status " << o.status << " keep " << o.keep_alive
             << " body " << o.body;
}

inline Outcome Of(const ReplyParser& parser, State state) {
  if (state != State::kDone) return {state, 0, {}, false};
  return {state, parser.status(), std::string(parser.body()), parser.keep_alive()};
}

// Feeds the pieces up to each split, then ends the connection if more is wanted and `ends` says so.
inline Outcome Feed(ReplyParser& parser, std::string_view bytes, const std::vector<size_t>& splits,
                    bool ends) {
  parser.Reset(kMaxBody);
  State state = State::kMore;
  size_t begin = 0;
  std::string piece;  // of its own: a parser must not read outside what it is given
  for (size_t i = 0; i <= splits.size() && state == State::kMore; ++i) {
    const size_t end = i < splits.size() ? splits[i] : bytes.size();
    piece = bytes.substr(begin, end - begin);
    state = parser.Feed(piece);
    begin = end;
  }
  if (state == State::kMore && ends) state = parser.End();
  Outcome outcome = Of(parser, state);
  if (begin < bytes.size()) outcome.keep_alive = false;  // what is left ends an idle connection
  return outcome;
}

// The outcome, which must not depend on how the bytes come.
inline Outcome Parse(std::string_view bytes, bool ends = false) {
  ReplyParser parser;
  const Outcome whole = Feed(parser, bytes, {}, ends);
  std::vector<size_t> every;
  for (size_t i = 1; i < bytes.size(); ++i) {
    every.push_back(i);
    EXPECT_EQ(Feed(parser, bytes, {i}, ends), whole) << "split at " << i << " of " << bytes;
  }
  EXPECT_EQ(Feed(parser, bytes, every, ends), whole) << "byte by byte: " << bytes;
  for (size_t i = 1; i + 3 < bytes.size(); ++i) {
    EXPECT_EQ(Feed(parser, bytes, {i, i + 1, i + 3}, ends), whole) << "split from " << i << " of " << bytes;
  }
  return whole;
}

inline Outcome Done(int status, std::string body, bool keep_alive = true) {
  return {State::kDone, status, std::move(body), keep_alive};
}
inline const Outcome kMalformed{State::kMalformed, 0, {}, false};
inline const Outcome kTwoLengths{State::kTwoLengths, 0, {}, false};
inline const Outcome kUnknownEncoding{State::kUnknownEncoding, 0, {}, false};
inline const Outcome kBrokenEncoding{State::kBrokenEncoding, 0, {}, false};
inline const Outcome kTooLarge{State::kTooLarge, 0, {}, false};
inline const Outcome kMore{State::kMore, 0, {}, false};

}  // namespace ddb::testkit
