#include "aws/reply_head.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "aws/header_text.h"
#include "base/text.h"

namespace ddb {

namespace {

// What a header's value may have at most to be kept.
constexpr size_t kLongestId = 128;
constexpr size_t kLongestErrorType = 512;
constexpr size_t kLongestLocation = 4096;

// `lower` is in lower case.
bool SameName(std::string_view name, std::string_view lower) {
  return std::equal(name.begin(), name.end(), lower.begin(), lower.end(),
                    [](char a, char b) { return ToLower(a) == b; });
}

bool IsTokenChar(char c) {
  return IsAlnum(c) || (c != '\0' && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos);
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
    fn(TrimBlanks(list.substr(0, comma)));
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

// Takes the first line off `text`, without its end.
std::string_view TakeLine(std::string_view& text) {
  const size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end, text.size() - 1) + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace

bool ReplyHead::Parse(std::string_view head) {
  std::string kept = std::move(request_id);  // for its storage
  kept.clear();
  *this = ReplyHead{};
  request_id = std::move(kept);

  if (!ParseStatusLine(TakeLine(head))) return false;
  // https://www.rfc-editor.org/rfc/rfc9112#section-2.2: such lines are nobody's.
  while (!head.empty() && IsBlank(head.front())) TakeLine(head);
  while (!head.empty()) {
    std::string_view line = TakeLine(head);
    std::string unfolded;
    while (!head.empty() && IsBlank(head.front())) {
      if (unfolded.empty()) unfolded = line;
      unfolded.append(" ").append(TrimBlanks(TakeLine(head)));
      line = unfolded;
    }
    if (!ParseLine(line)) return false;
  }
  return true;
}

bool ReplyHead::ParseStatusLine(std::string_view line) {
  if (line.size() < 12 || !line.starts_with("HTTP/1.") || !IsDigit(line[7]) || line[8] != ' ') return false;
  http_1_0 = line[7] == '0';
  keep_alive = !http_1_0;
  if (!ParseNumber(line.substr(9, 3), status)) return false;
  if (line.size() > 12 && line[12] != ' ') return false;
  if (!std::all_of(line.begin() + 12, line.end(), IsTextChar)) return false;
  // 101 would end HTTP on this connection, and was not asked for.
  return status >= 100 && status != 101;
}

bool ReplyHead::ParseLine(std::string_view line) {
  const size_t colon = line.find(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view name = TrimBlanks(line.substr(0, colon));
  const std::string_view value = TrimBlanks(line.substr(colon + 1));
  if (name.empty() || !std::all_of(name.begin(), name.end(), IsTokenChar)) return false;
  if (!std::all_of(value.begin(), value.end(), IsTextChar)) return false;
  return ParseHeader(name, value);
}

bool ReplyHead::ParseHeader(std::string_view name, std::string_view value) {
  if (SameName(name, "content-length")) {
    AddLength(value);
  } else if (SameName(name, "transfer-encoding")) {
    AddTransferEncoding(value);
  } else if (SameName(name, "connection")) {
    ForEachElement(value, [this](std::string_view option) {
      if (SameName(option, "close")) keep_alive = false;
    });
  } else if (SameName(name, "keep-alive")) {
    ForEachElement(value, [this](std::string_view option) {
      static constexpr std::string_view kTimeout = "timeout=";
      uint32_t seconds = 0;
      if (!SameName(option.substr(0, kTimeout.size()), kTimeout)) return;
      if (ParseNumber(option.substr(kTimeout.size()), seconds)) idle_seconds = seconds;
    });
  } else if (SameName(name, "content-encoding")) {
    ForEachElement(value, [this](std::string_view coding_name) { AddCoding(coding_name); });
  } else if (SameName(name, "x-amz-crc32")) {
    uint32_t number = 0;
    if (!ParseNumber(value, number) || (has_crc32 && number != crc32)) return false;
    has_crc32 = true;
    crc32 = number;
  } else if (SameName(name, "x-amzn-requestid")) {
    const auto plain = [](char c) { return IsAlnum(c) || c == '-'; };
    request_id.clear();
    if (value.size() <= kLongestId && std::all_of(value.begin(), value.end(), plain)) request_id = value;
  } else if (SameName(name, "date")) {
    date_seconds = ParseDate(value);
  } else if (SameName(name, "x-amzn-errortype")) {
    if (value.size() <= kLongestErrorType) error_type = value;
  } else if (SameName(name, "location")) {
    if (value.size() <= kLongestLocation) location = value;
  }
  return true;
}

// One value, however often it is said. https://www.rfc-editor.org/rfc/rfc9112#section-6.3
void ReplyHead::AddLength(std::string_view list) {
  bool any = false;
  ForEachElement(list, [&](std::string_view text) {
    any = true;
    uint64_t number = 0;
    if (!ParseNumber(text, number)) {
      length_is = Length::kBad;
    } else if (length_is == Length::kNone) {
      length_is = Length::kGiven;
      length = number;
    } else if (length_is == Length::kGiven && number != length) {
      length_is = Length::kContradictory;
    }
  });
  if (!any) length_is = Length::kBad;
}

// https://www.rfc-editor.org/rfc/rfc9112#section-6.1 . "chunked" twice is what two programs in a row say of a
// body that is in chunks once; were it so twice, the body would show it.
void ReplyHead::AddTransferEncoding(std::string_view list) {
  ForEachElement(list, [this](std::string_view name) {
    if (name.empty() || SameName(name, "identity")) return;
    const bool is_chunked = SameName(name, "chunked");
    chunked = is_chunked;  // it has to be the last one
    until_close = !is_chunked;
    if (!is_chunked) AddCoding(name);
  });
}

void ReplyHead::AddCoding(std::string_view name) {
  if (name.empty() || SameName(name, "identity")) return;
  if (coding != Coding::kNone) {
    coding = Coding::kUnknown;
  } else if (SameName(name, "gzip") || SameName(name, "x-gzip")) {
    coding = Coding::kGzip;
  } else {
    coding = SameName(name, "deflate") ? Coding::kDeflate : Coding::kUnknown;
  }
}

}  // namespace ddb
