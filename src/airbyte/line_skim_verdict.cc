#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "airbyte/line_skim.h"
#include "airbyte/odd_line.h"
#include "airbyte/unknown_message.h"
#include "json/escape.h"
#include "json/utf8.h"

namespace ddb {

// Nothing where it is no text, or none that is certain.
std::optional<std::string> LineSkim::TextOf(const Captured& captured) {
  std::string text;
  if (!captured.is_text || !json::Unescape(captured.raw, text) ||
      !json::ValidUtf8(text.data(), text.data() + text.size()))
    return std::nullopt;
  return text;
}

bool LineSkim::MayBePassedOver() const {
  if (is_plain()) return !signs_.found_record() && !holds_nul_;
  if (is_broken_) return false;
  if (const std::optional<std::string> type = TextOf(type_))
    return IsTypeForOthers(*type) && !HoldsAnyRecord() && !HoldsBareRecord();
  // A LOG that has its type last, or a line of a logger.
  if (has_log_ && !has_type_ && !HoldsAnyRecord() && !HoldsBareRecord()) return state_ != State::kBroken;
  return MayBeLogLine() && state_ != State::kBroken && !signs_.found_record() && !holds_record_in_text_;
}

bool LineSkim::MayBeLogLine() const {
  const bool may_be_record = HoldsAnyRecord() || has_text_of_record_ || HoldsBareRecord();
  return has_text_of_logger_ && !has_type_ && !holds_state_ && !may_be_record;
}

// Of what is broken: nothing may stand in it or beside it that could be another record.
bool LineSkim::IsCertainRecord(const SkimmedLine& line) const {
  return line.stream && (line.stream->ns || namespace_.is_null) && record_is_object_ && !has_two_records_ &&
         !holds_odd_record_ && !has_two_streams_ && !has_other_ && !holds_record_in_value_;
}

SkimmedLine LineSkim::Finish() const {
  SkimmedLine line;
  line.bytes = bytes_;
  const auto malformed = [&line](Text reason) {
    line.kind = LineKind::kMalformed;
    line.reason = reason;
    return line;
  };
  if (is_plain()) {
    line.signs = signs_.Finish();
    line.reason = WhyNoText(line.signs, holds_nul_);
    return line;
  }
  if (state_ == State::kLineBegin) {
    line.kind = LineKind::kBlank;
    return line;
  }
  const std::optional<std::string> type = TextOf(type_);
  const std::optional<std::string> name = TextOf(stream_);
  if (type == "RECORD" && name) line.stream = StreamId{TextOf(namespace_), *name};
  if (state_ != State::kDone) return malformed(kLineNotJson);
  if (is_broken_) {
    if (!IsCertainRecord(line)) return malformed(kLineNotJson);
    line.kind = LineKind::kRecord;
    line.reason = is_other_writing_ ? kOtherWriting : kRecordNotJson;
    return line;
  }
  if (type == "RECORD") {
    if (has_two_records_ || holds_odd_record_) return malformed(kTwoRecords);
    if (has_two_streams_) return malformed(kMemberTwice);
    if (!record_is_object_) return malformed("record is not an object");
    if (!name) return malformed("record.stream is missing or not text");
    if (!line.stream->ns && !namespace_.is_null) return malformed("record.namespace is not text");
    line.kind = LineKind::kRecord;
    return line;
  }
  if (!type && MayBeLogLine()) {
    line.kind = LineKind::kLogLine;
    line.signs = signs_.Finish();
    if (line.signs.record) line.reason = kRecordInObject;
    if (holds_record_in_text_) line.reason = kMessageInString;
    return line;
  }
  if (!type) return malformed("line is not an Airbyte message");
  if (HoldsAnyRecord() || (IsTypeForOthers(*type) && HoldsBareRecord()))
    return malformed(kRecordInAnotherType);
  line.signs.failure = says_failed_;
  line.kind = *type == "STATE"         ? LineKind::kState
              : IsTypeForOthers(*type) ? LineKind::kIgnored
                                       : LineKind::kUnknown;
  return line;
}

SkimmedLine Skim(std::string_view line, bool is_first) {
  LineSkim skim;
  skim.Feed(line);
  SkimmedLine skimmed = skim.Finish();
  if (skimmed.kind == LineKind::kPlain && skimmed.reason.empty()) skimmed.reason = OtherForm(line, is_first);
  return skimmed;
}

}  // namespace ddb
