// Any bytes as a line of stdin: the parser reads nothing but the line and its padding, calls only that JSON
// what another parser takes, and a STATE with its stats set is a STATE of the same stream again. What skims a
// line that is too long, in whatever pieces, takes it for the same.
#include <simdjson.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "airbyte/line_skim.h"
#include "airbyte/message_parser.h"
#include "airbyte/odd_line.h"
#include "airbyte/state_line.h"
#include "json/scan.h"

namespace {

class Sink : public ddb::RecordSink {
 public:
  const char* OnData(const char* p, const char* end, const ddb::RecordFields&) override {
    if (const char* const next = ddb::json::SkipValue(p, end); next != nullptr) return next;
    is_json = false;
    return ddb::json::SkipValue(p, end, ddb::json::Grammar::kLenient);
  }
  bool is_json = true;  // the data, of which the parser does not know
};

// In memory of its own, so that the address sanitizer sees every read outside.
class Line {
 public:
  explicit Line(std::string_view text) : size_(text.size()), bytes_(new char[size_ + ddb::json::kPadding]) {
    std::copy(text.begin(), text.end(), bytes_.get());
    std::fill_n(bytes_.get() + size_, ddb::json::kPadding, '}');
  }
  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  size_t size_;
  std::unique_ptr<char[]> bytes_;
};

void Require(bool holds) {
  if (!holds) std::abort();
}

void CheckState(const Line& line, const ddb::ParsedLine& parsed) {
  const ddb::StateFields& state = parsed.state;
  Require(state.stats_begin <= state.stats_end && state.stats_end <= line.view().size());
  const Line spliced(ddb::WithDestinationStats(std::string(line.view()), state, {3, 1, 0, 2}));
  ddb::MessageParser parser;
  Sink sink;
  const ddb::ParsedLine again = parser.Parse(spliced.view(), sink);
  Require(again.kind == ddb::LineKind::kState && again.state.kind == state.kind);
  Require(again.state.stream.name == state.stream.name && again.state.stream.ns == state.stream.ns);
  Require(again.state.stats_begin < again.state.stats_end);
}

// One way only: the skim looks into no number and no word.
void CheckSkim(std::string_view line, const ddb::ParsedLine& parsed) {
  ddb::LineSkim skim;
  const size_t half = line.size() / 2;
  skim.Feed(line.substr(0, half));
  skim.Feed(line.substr(half));
  const ddb::SkimmedLine skimmed = skim.Finish();
  if (parsed.kind == ddb::LineKind::kRecord) {
    Require(skimmed.kind == ddb::LineKind::kRecord && skimmed.stream->name == parsed.record.stream.name);
    Require(skimmed.stream->ns == parsed.record.stream.ns);
  } else if (parsed.kind == ddb::LineKind::kState || parsed.kind == ddb::LineKind::kPlain ||
             parsed.kind == ddb::LineKind::kBlank) {
    Require(skimmed.kind == parsed.kind);
  }
  // Of two lines that a newline parts, the first one's end is none for the skim.
  if (skimmed.kind == ddb::LineKind::kPlain && line.find('\n') == std::string_view::npos) {
    Require(skimmed.reason.empty() == ddb::LookAtPlainLine(line, /*is_first=*/false).reason.empty());
  }
  if (skimmed.kind == ddb::LineKind::kLogLine && skimmed.reason.empty()) {
    Require(parsed.kind == ddb::LineKind::kLogLine || parsed.reason == ddb::Text("line is not valid JSON"));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Line line({reinterpret_cast<const char*>(data), size});
  ddb::MessageParser parser;
  Sink sink;
  const ddb::ParsedLine parsed = parser.Parse(line.view(), sink);
  if (size < 60'000) CheckSkim(line.view(), parsed);  // of a longer name it keeps nothing
  if (parsed.kind == ddb::LineKind::kState) CheckState(line, parsed);
  if (parsed.kind == ddb::LineKind::kPlain) {
    for (const bool is_first : {false, true}) {
      const ddb::OddLine odd = ddb::LookAtPlainLine(line.view(), is_first);
      Require((odd.kind == ddb::OddLine::Kind::kText) == odd.reason.empty());
    }
  }
  if (parsed.kind == ddb::LineKind::kMalformed) {
    Require(!parsed.reason.empty());
    return 0;
  }
  // Text between messages, and what is understood though it is no JSON.
  if (parsed.kind == ddb::LineKind::kPlain || !parsed.is_json || !sink.is_json) return 0;
  // The other parser takes no number past its types, no half of a surrogate pair and no great depth.
  static simdjson::dom::parser other;
  const simdjson::error_code code = other.parse(line.view().data(), line.view().size()).error();
  Require(code == simdjson::SUCCESS || code == simdjson::EMPTY || code == simdjson::NUMBER_ERROR ||
          code == simdjson::DEPTH_ERROR || line.view().find("\\u") != std::string_view::npos);
  return 0;
}
