#include "aws/reply_parser.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "base/text.h"

namespace ddb {

namespace {

// `lower` is in lower case.
bool SameName(std::string_view name, std::string_view lower) {
  return std::equal(name.begin(), name.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return ToLower(a) == b; });
}

bool IsTokenChar(char c) {
  return IsAlnum(c) || (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
}

// What may stand in a header's value, a reason phrase or a chunk's extension.
bool IsTextChar(char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f); }

std::string_view Trim(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  return text;
}

// Digits and nothing else.
template <typename Number>
bool ParseNumber(std::string_view text, Number& number) {
  if (text.empty() || !IsDigit(text.front())) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

// Calls `fn` with each element of a comma-separated list.
template <typename Fn>
void ForEachElement(std::string_view list, Fn fn) {
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    fn(Trim(list.substr(0, comma)));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

// "Sun, 06 Nov 1994 08:49:37 GMT" as seconds since 1970; 0 for any other form (it only serves to notice a
// wrong clock). https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7
int64_t ParseDate(std::string_view text) {
  static constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT") return 0;
  if (text[7] != ' ' || text[11] != ' ' || text[16] != ' ' || text[19] != ':' || text[22] != ':') return 0;
  unsigned day = 0, hour = 0, minute = 0, second = 0;
  int year = 0;
  const size_t month = kMonths.find(text.substr(8, 3));
  if (month == std::string_view::npos || month % 3 != 0) return 0;
  if (!ParseNumber(text.substr(5, 2), day) || !ParseNumber(text.substr(12, 4), year)) return 0;
  if (!ParseNumber(text.substr(17, 2), hour) || !ParseNumber(text.substr(20, 2), minute)) return 0;
  if (!ParseNumber(text.substr(23, 2), second) || hour > 23 || minute > 59 || second > 60) return 0;
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month / 3 + 1)),
                                         std::chrono::day(day)};
  if (!date.ok()) return 0;
  const auto days = std::chrono::sys_days(date).time_since_epoch();
  return std::chrono::duration_cast<std::chrono::seconds>(days).count() + hour * 3600 + minute * 60 + second;
}

// Whether more bytes could make a head of these: what is no HTTP at all need not wait for its end.
bool MayBecomeHead(std::string_view begin) {
  static constexpr std::string_view kVersion = "HTTP/1.";
  const size_t n = std::min(begin.size(), kVersion.size());
  if (begin.substr(0, n) != kVersion.substr(0, n)) return false;
  for (size_t lf = begin.find('\n'); lf != std::string_view::npos; lf = begin.find('\n', lf + 1)) {
    if (begin[lf - 1] != '\r') return false;
  }
  return true;
}

}  // namespace

void ReplyParser::Reset(size_t max_body) {
  max_body_ = max_body;
  phase_ = Phase::kHead;
  head_bytes_ = 0;
  partial_.clear();
  // A large reply is rare; its room is not kept.
  if (body_.capacity() > kMaxHead) std::string().swap(body_);
  body_.clear();
  body_view_ = {};
}

ReplyParser::State ReplyParser::Feed(std::string_view bytes) {
  if (phase_ == Phase::kHead) {
    const State state = TakeHead(bytes);
    if (state != State::kMore || phase_ == Phase::kHead) return state;
  }
  switch (phase_) {
    case Phase::kLength:
      return TakeLength(bytes);
    case Phase::kUntilClose:
      if (bytes.size() > max_body_ - body_.size()) return State::kTooLarge;
      body_ += bytes;
      return State::kMore;
    default:
      return TakeChunks(bytes);
  }
}

ReplyParser::State ReplyParser::End() {
  if (phase_ != Phase::kUntilClose) return State::kMore;
  body_view_ = body_;
  return State::kDone;
}

// Takes the head off `bytes`. kMore: either its end is missing (still Phase::kHead) or a body follows.
ReplyParser::State ReplyParser::TakeHead(std::string_view& bytes) {
  static constexpr std::string_view kEnd = "\r\n\r\n";
  for (;;) {
    std::string_view all = bytes;
    const size_t before = partial_.size();
    if (before > 0) {
      // The end of the head may lie across the pieces.
      partial_ += bytes.substr(0, kMaxHead);
      all = partial_;
    }
    const size_t end = all.find(kEnd, before < kEnd.size() ? 0 : before - kEnd.size());
    if (end == std::string_view::npos || head_bytes_ + end > kMaxHead) {
      if (head_bytes_ + all.size() > kMaxHead || !MayBecomeHead(all)) return State::kMalformed;
      if (before == 0) partial_ = bytes;
      return State::kMore;
    }
    const size_t size = end + kEnd.size();
    head_bytes_ += size;
    const bool good = ParseHead(all.substr(0, end + 2));
    bytes.remove_prefix(size - before);
    partial_.clear();
    if (!good) return State::kMalformed;
    if (head_.status >= 200) return BeginBody();
  }
}

// `head` is the status line and the headers, each with its CRLF.
bool ReplyParser::ParseHead(std::string_view head) {
  std::string kept = std::move(head_.request_id);  // for its storage
  kept.clear();
  head_ = Head{};
  head_.request_id = std::move(kept);

  size_t end = head.find("\r\n");
  std::string_view line = head.substr(0, end);
  if (line.size() < 12 || !line.starts_with("HTTP/1.") || line[8] != ' ') return false;
  if (line[7] != '0' && line[7] != '1') return false;
  head_.http_1_0 = line[7] == '0';
  head_.keep_alive = !head_.http_1_0;
  if (!ParseNumber(line.substr(9, 3), head_.status)) return false;
  if (line.size() > 12 && line[12] != ' ') return false;
  if (!std::all_of(line.begin() + 12, line.end(), IsTextChar)) return false;
  // 101 would end HTTP on this connection, and was not asked for.
  if (head_.status < 100 || head_.status > 599 || head_.status == 101) return false;

  while (end + 2 < head.size()) {
    head.remove_prefix(end + 2);
    end = head.find("\r\n");
    line = head.substr(0, end);
    const size_t colon = line.find(':');
    if (colon == 0 || colon == std::string_view::npos) return false;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = Trim(line.substr(colon + 1));
    if (!std::all_of(name.begin(), name.end(), IsTokenChar)) return false;
    if (!std::all_of(value.begin(), value.end(), IsTextChar)) return false;
    if (!ParseHeader(name, value)) return false;
  }
  return true;
}

bool ReplyParser::ParseHeader(std::string_view name, std::string_view value) {
  if (SameName(name, "content-length")) {
    if (head_.has_length) return false;
    head_.has_length = true;
    return ParseNumber(value, head_.length);
  }
  if (SameName(name, "transfer-encoding")) {
    if (head_.chunked || !SameName(value, "chunked")) return false;
    head_.chunked = true;
  } else if (SameName(name, "connection")) {
    ForEachElement(value, [this](std::string_view option) {
      if (SameName(option, "close")) head_.keep_alive = false;
    });
  } else if (SameName(name, "keep-alive")) {
    ForEachElement(value, [this](std::string_view option) {
      static constexpr std::string_view kTimeout = "timeout=";
      uint32_t seconds = 0;
      if (!SameName(option.substr(0, kTimeout.size()), kTimeout)) return;
      if (ParseNumber(option.substr(kTimeout.size()), seconds)) head_.idle_seconds = seconds;
    });
  } else if (SameName(name, "content-encoding")) {
    return SameName(value, "identity");  // the only one that was asked for
  } else if (SameName(name, "x-amz-crc32")) {
    if (head_.has_crc32) return false;
    head_.has_crc32 = true;
    return ParseNumber(value, head_.crc32);
  } else if (SameName(name, "x-amzn-requestid")) {
    static constexpr size_t kLongest = 128;
    const auto plain = [](char c) { return IsAlnum(c) || c == '-'; };
    head_.request_id.clear();
    if (value.size() <= kLongest && std::all_of(value.begin(), value.end(), plain)) head_.request_id = value;
  } else if (SameName(name, "date")) {
    head_.date_seconds = ParseDate(value);
  }
  return true;
}

ReplyParser::State ReplyParser::BeginBody() {
  if (head_.chunked && (head_.has_length || head_.http_1_0)) return State::kMalformed;
  if (head_.status == 204 || head_.status == 304) {
    if (head_.chunked || head_.length > 0) return State::kMalformed;
    head_.has_length = true;
  }
  if (head_.chunked) {
    phase_ = Phase::kChunkSize;
    digits_ = 0;
    left_ = 0;
    after_cr_ = false;
    return State::kMore;
  }
  if (head_.has_length) {
    phase_ = Phase::kLength;
    return head_.length > max_body_ ? State::kTooLarge : State::kMore;
  }
  // Whether such a body is whole cannot be told, which a success must not leave open.
  if (head_.status < 300) return State::kMalformed;
  phase_ = Phase::kUntilClose;
  head_.keep_alive = false;
  return State::kMore;
}

ReplyParser::State ReplyParser::TakeLength(std::string_view bytes) {
  const auto length = static_cast<size_t>(head_.length);
  if (bytes.size() > length - body_.size()) return State::kMalformed;
  if (body_.empty() && bytes.size() == length) {
    body_view_ = bytes;
    return State::kDone;
  }
  body_.reserve(length);
  body_ += bytes;
  if (body_.size() < length) return State::kMore;
  body_view_ = body_;
  return State::kDone;
}

ReplyParser::State ReplyParser::TakeChunks(std::string_view bytes) {
  while (!bytes.empty()) {
    const char c = bytes.front();
    switch (phase_) {
      case Phase::kChunkData: {
        const size_t n = static_cast<size_t>(std::min<uint64_t>(left_, bytes.size()));
        body_ += bytes.substr(0, n);
        bytes.remove_prefix(n);
        left_ -= n;
        if (left_ == 0) phase_ = Phase::kChunkEnd;
        continue;
      }
      case Phase::kChunkEnd:  // CRLF
        if (c != (after_cr_ ? '\n' : '\r')) return State::kMalformed;
        after_cr_ = !after_cr_;
        if (!after_cr_) {
          phase_ = Phase::kChunkSize;
          digits_ = 0;
        }
        break;
      case Phase::kTrailer:
        return TakeTrailer(bytes);
      default:
        if (!TakeChunkSize(c)) return State::kMalformed;
        if (left_ > max_body_ - body_.size()) return State::kTooLarge;
    }
    bytes.remove_prefix(1);
  }
  return State::kMore;
}

// One character of the line with a chunk's size: hexadecimal digits, then possibly an extension, then CRLF.
bool ReplyParser::TakeChunkSize(char c) {
  static constexpr int kMaxDigits = 15;  // as many as fit without a carry
  if (after_cr_) {
    if (c != '\n') return false;
    after_cr_ = false;
    line_empty_ = true;
    phase_ = left_ == 0 ? Phase::kTrailer : Phase::kChunkData;
    return true;
  }
  if (c == '\r') {
    after_cr_ = true;
    return digits_ > 0;
  }
  if (phase_ == Phase::kChunkExtension) return IsTextChar(c) && ++head_bytes_ <= kMaxHead;
  if (c == ';' || c == ' ' || c == '\t') {
    phase_ = Phase::kChunkExtension;
    return digits_ > 0;
  }
  const int digit = HexValue(c);
  if (digit < 0) return false;
  if (digits_ == 0) left_ = 0;
  left_ = left_ * 16 + static_cast<uint64_t>(digit);
  return ++digits_ <= kMaxDigits;
}

// Trailers are skipped; the empty line ends the reply.
ReplyParser::State ReplyParser::TakeTrailer(std::string_view bytes) {
  head_bytes_ += bytes.size();
  if (head_bytes_ > kMaxHead) return State::kMalformed;
  while (!bytes.empty()) {
    const char c = bytes.front();
    bytes.remove_prefix(1);
    if (after_cr_) {
      if (c != '\n') return State::kMalformed;
      after_cr_ = false;
      if (line_empty_) {
        if (!bytes.empty()) return State::kMalformed;
        body_view_ = body_;
        return State::kDone;
      }
      line_empty_ = true;
    } else if (c == '\r') {
      after_cr_ = true;
    } else if (IsTextChar(c)) {
      line_empty_ = false;
    } else {
      return State::kMalformed;
    }
  }
  return State::kMore;
}

}  // namespace ddb
