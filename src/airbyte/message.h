// What a line of stdin is, after parsing: views into the line (or into the parser's scratch), no copies of
// data. https://docs.airbyte.com/understanding-airbyte/airbyte-protocol . Values; worker thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/literal.h"

namespace ddb {

// A stream as a message names it: decoded text (escapes resolved). A null namespace is nullopt.
struct StreamRef {
  std::optional<std::string_view> ns;
  std::string_view name;
};

enum class LineKind {
  kRecord,
  kState,
  kStreamStatus,
  kSourceError,  // the source says that it has failed: a TRACE ERROR, a FATAL LOG, a FAILED CONNECTION_STATUS
  kIgnored,      // a message that asks for nothing here: LOG, CONTROL, other TRACEs
  kUnknown,      // a message of a type that is not known, and no record in it: see ParsedLine::type
  kBlank,        // whitespace
  kPlain,        // it does not begin with '{' (odd_line says more)
  kLogLine,      // JSON that is no message, but a line of a logger that writes JSON
  kMalformed,    // see ParsedLine::reason
};

enum class StateKind { kStream, kGlobal, kLegacy };
enum class StreamStatus { kStarted, kRunning, kComplete, kIncomplete, kOther };

struct RecordFields {
  bool has_stream = false;
  StreamRef stream;
  std::string_view emitted_at;       // a JSON number, as it was sent
  bool emitted_at_is_digits = true;  // "-"? [0-9]+, and no point or exponent
  std::string_view meta;             // raw JSON of record.meta, "" if absent or null
};

struct StateFields {
  StateKind kind = StateKind::kLegacy;
  StreamRef stream;  // for kStream
  // Where destinationStats goes in the line: an existing member's value is [stats_begin, stats_end) (replaced
  // in place; the last one, if there are several); with stats_begin == stats_end a new member
  // `,"destinationStats":{...}` is inserted there (`,` left out when stats_first is true, i.e. the state
  // object is empty).
  size_t stats_begin = 0;
  size_t stats_end = 0;
  bool stats_first = false;
};

// JSON's readers would take the last of them, and the others would be lost without a word.
inline constexpr Text kTwoRecords = "it has more than one record; each has to come in a message of its own";

// The same of its parts: of two `data` the first would be lost, and of two streams one is the wrong table.
inline constexpr Text kMemberTwice = "a member of its record is there twice";

// Of a line that is broken.
inline constexpr Text kLineNotJson = "line is not valid JSON";
// And is a record all the same, whose parts can be told apart.
inline constexpr Text kRecordNotJson = "a part of its record is not valid JSON";
inline constexpr Text kOtherWriting =
    "line is not valid JSON, but an object as a programming language shows it. Let the source write JSON (in "
    "Python json.dumps, not print or str)";

// The reason of a record that asks for more than to be stored: no setting allows to go on without its file.
inline constexpr Text kComesWithAFile = "it comes with a file to be copied, which is not supported";

struct ParsedLine {
  LineKind kind = LineKind::kIgnored;
  RecordFields record;
  StateFields state;
  StreamRef status_stream;  // kStreamStatus
  StreamStatus status = StreamStatus::kOther;
  std::string_view type;    // kUnknown: as the source wrote it, of any length
  bool says_error = false;  // kIgnored: a LOG of level ERROR
  Text reason;              // kMalformed, e.g. "emitted_at is missing"
  // The line is not quite JSON, but understood (json::Grammar::kLenient); or not understood.
  bool is_json = true;
  // kMalformed: the line is valid (json::Grammar), but for a part of its record whose end is certain, and its
  // record's stream is certain, so the failure is this stream's. Else record.has_stream may still tell a
  // stream to name in a message, but a part that was not understood could have said otherwise.
  bool has_stream_for_error = false;
};

}  // namespace ddb
