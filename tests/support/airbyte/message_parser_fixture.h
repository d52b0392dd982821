// For message_parser's tests: a sink that takes any object, and a line in memory of its own.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>

#include "airbyte/message_parser.h"
#include "json/scan.h"

namespace ddb {

// Takes none.
class NoRecords final : public RecordSink {
 public:
  const char* OnData(const char*, const char*, const RecordFields&) override { return nullptr; }
};

// Takes any JSON object, as the encoder does, and notes what it was given.
class FakeSink : public RecordSink {
 public:
  const char* OnData(const char* p, const char* end, const RecordFields& seen) override {
    ++calls;
    had_stream = seen.has_stream;
    const char* next = json::SkipValue(p, end, json::Grammar::kLenient);
    if (next != nullptr) data.assign(p, next);
    return next;
  }
  int calls = 0;
  bool had_stream = false;
  std::string data;
};

class MessageParserTest : public ::testing::Test {
 protected:
  // The line in memory of its own; what follows it would continue it.
  const ParsedLine& Parse(std::string_view line) {
    size_ = line.size();
    bytes_.reset(new char[line.size() + json::kPadding]);
    std::copy(line.begin(), line.end(), bytes_.get());
    std::fill_n(bytes_.get() + line.size(), json::kPadding, '}');
    sink_ = {};
    parsed_ = parser_.Parse({bytes_.get(), size_}, sink_);
    return parsed_;
  }
  std::string_view Reason(std::string_view line) {
    return Parse(line).kind == LineKind::kMalformed ? parsed_.reason : "not malformed";
  }
  // `name` or `namespace/name`, "-" where there is no stream.
  static std::string Show(const StreamRef& stream) {
    return (stream.ns ? std::string(*stream.ns) + "/" : "") + std::string(stream.name);
  }
  std::string StatsText() const {
    return std::string(bytes_.get() + parsed_.state.stats_begin, bytes_.get() + parsed_.state.stats_end);
  }

  MessageParser parser_;
  FakeSink sink_;
  std::unique_ptr<char[]> bytes_;
  size_t size_ = 0;
  ParsedLine parsed_;
};

}  // namespace ddb
