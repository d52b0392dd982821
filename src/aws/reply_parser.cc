#include "aws/reply_parser.h"

#include <algorithm>

#include "aws/header_text.h"
#include "base/text.h"

namespace ddb {

namespace {

// Where the head that begins `text` ends, with its empty line; npos: not in here. Nothing before `from` ends
// it.
size_t EndOfHead(std::string_view text, size_t from) {
  for (size_t lf = text.find('\n', from); lf != std::string_view::npos; lf = text.find('\n', lf + 1)) {
    const size_t next = lf + 1 < text.size() && text[lf + 1] == '\r' ? lf + 2 : lf + 1;
    if (next < text.size() && text[next] == '\n') return next + 1;
  }
  return std::string_view::npos;
}

// Whether more bytes could make a head of these: what is no HTTP at all need not wait for its end.
bool MayBecomeHead(std::string_view begin) {
  static constexpr std::string_view kVersion = "HTTP/1.";
  const size_t n = std::min(begin.size(), kVersion.size());
  return begin.substr(0, n) == kVersion.substr(0, n);
}

// An alert, which is what TLS makes of a request in plain HTTP.
// https://www.rfc-editor.org/rfc/rfc8446#section-5.1
constexpr std::string_view kTlsAlert = "\x15\x03";

// What is read of an error's body that says that it is too long.
constexpr size_t kBeginning = 1024;

// A body that somebody unpacked already, leaving the header as it was.
bool IsPlainText(std::string_view body) {
  const size_t first = body.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (body[first] == '{' || body[first] == '<');
}

}  // namespace

void ReplyParser::Reset(size_t max_body) {
  max_body_ = max_body;
  phase_ = Phase::kHead;
  head_bytes_ = 0;
  partial_.clear();
  // A large reply is rare; its room is not kept.
  for (std::string* text : {&body_, &unpacked_}) {
    if (text->capacity() > kMaxHead) std::string().swap(*text);
    text->clear();
  }
  body_view_ = sent_view_ = {};
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
      return TakeUntilClose(bytes);
    default:
      return TakeChunks(bytes);
  }
}

bool ReplyParser::may_be_whole() const {
  const size_t last = body_.find_last_not_of(" \t\r\n");
  return last != std::string::npos && body_[last] == '}';
}

ReplyParser::State ReplyParser::End() { return open_ended() ? Finish(body_) : State::kMore; }

// Takes the head off `bytes`. kMore: either its end is missing (still Phase::kHead) or a body follows.
ReplyParser::State ReplyParser::TakeHead(std::string_view& bytes) {
  for (;;) {
    // An empty line too many of the reply before. https://www.rfc-editor.org/rfc/rfc9112#section-2.2
    while (partial_.empty() && !bytes.empty() && (bytes.front() == '\r' || bytes.front() == '\n')) {
      bytes.remove_prefix(1);
      if (++head_bytes_ > kMaxHead) return State::kTooLarge;
    }
    std::string_view all = bytes;
    const size_t before = partial_.size();
    if (before > 0) {
      // The end of the head may lie across the pieces.
      partial_ += bytes.substr(0, kMaxHead);
      all = partial_;
    }
    if (all.starts_with(kTlsAlert)) return State::kSpeaksTls;
    const size_t end = EndOfHead(all, before < 2 ? 0 : before - 2);
    if (end == std::string_view::npos || head_bytes_ + end > kMaxHead) {
      if (!MayBecomeHead(all) && !kTlsAlert.starts_with(all)) return State::kMalformed;
      if (head_bytes_ + all.size() > kMaxHead) return State::kTooLarge;
      if (before == 0) partial_ = bytes;
      return State::kMore;
    }
    head_bytes_ += end;
    const size_t empty_line = all[end - 2] == '\r' ? 2 : 1;
    const bool good = head_.Parse(all.substr(0, end - empty_line));
    bytes.remove_prefix(end - before);
    partial_.clear();
    if (!good) return State::kMalformed;
    if (head_.status >= 200) return BeginBody(bytes);
  }
}

// `bytes` are the first of it.
ReplyParser::State ReplyParser::BeginBody(std::string_view bytes) {
  if (head_.status == 204 || head_.status == 304) {
    // These have none, whatever they say of one: who says it may send it.
    if (head_.chunked || head_.length > 0 || !bytes.empty()) head_.keep_alive = false;
    return Finish({});
  }
  if (head_.coding == Coding::kUnknown && !status_tells()) return State::kUnknownEncoding;
  if (head_.chunked) {
    // Chunks win over a length, which says that somebody on the way is wrong: nothing else is asked of this
    // connection. So it is with chunks of HTTP/1.0. https://www.rfc-editor.org/rfc/rfc9112#section-6.1
    if (head_.length_is != ReplyHead::Length::kNone || head_.http_1_0) head_.keep_alive = false;
    phase_ = Phase::kChunkSize;
    digits_ = 0;
    left_ = 0;
    after_cr_ = false;
    return State::kMore;
  }
  if (!head_.until_close) {
    switch (head_.length_is) {
      case ReplyHead::Length::kBad:
        return State::kMalformed;
      case ReplyHead::Length::kContradictory:
        return State::kTwoLengths;
      case ReplyHead::Length::kGiven:
        phase_ = Phase::kLength;
        return head_.length > max_body_ ? TooLarge({}) : State::kMore;
      case ReplyHead::Length::kNone:
        break;
    }
  }
  phase_ = Phase::kUntilClose;
  head_.keep_alive = false;
  return State::kMore;
}

ReplyParser::State ReplyParser::TakeLength(std::string_view bytes) {
  const auto length = static_cast<size_t>(head_.length);
  if (const size_t missing = length - body_.size(); bytes.size() > missing) {
    // What follows belongs to no request of ours. If it belonged to this body, that is found to be torn.
    head_.keep_alive = false;
    bytes = bytes.substr(0, missing);
  }
  if (body_.empty() && bytes.size() == length) return Finish(bytes);
  body_.reserve(length);
  body_ += bytes;
  return body_.size() < length ? State::kMore : Finish(body_);
}

ReplyParser::State ReplyParser::TakeUntilClose(std::string_view bytes) {
  if (bytes.size() > max_body_ - body_.size()) return TooLarge(bytes);
  body_ += bytes;
  return State::kMore;
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
        if (left_ > max_body_ - body_.size()) return TooLarge({});
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
  if (head_bytes_ > kMaxHead) return State::kTooLarge;
  while (!bytes.empty()) {
    const char c = bytes.front();
    bytes.remove_prefix(1);
    if (after_cr_) {
      if (c != '\n') return State::kMalformed;
      after_cr_ = false;
      if (line_empty_) {
        if (!bytes.empty()) head_.keep_alive = false;
        return Finish(body_);
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

// Nobody reads a page of 100 MB to learn that it is one: an error's status, and how it begins, say enough.
// But a 400 is how DynamoDB tells its own errors apart, by a name in the body.
ReplyParser::State ReplyParser::TooLarge(std::string_view bytes) {
  if (!status_tells()) return State::kTooLarge;
  head_.keep_alive = false;
  head_.has_crc32 = false;                                             // it is of all of it
  if (head_.coding != Coding::kNone) head_.coding = Coding::kUnknown;  // a beginning cannot be unpacked
  if (phase_ == Phase::kLength) {
    head_.length = std::min(max_body_, kBeginning);
    return State::kMore;
  }
  body_ += bytes.substr(0, max_body_ - body_.size());
  return Finish(body_);
}

ReplyParser::State ReplyParser::Finish(std::string_view body) {
  body_view_ = sent_view_ = body;
  if (head_.coding == Coding::kNone || body.empty()) return State::kDone;
  InflateResult result = InflateResult::kBroken;
  if (head_.coding != Coding::kUnknown) result = Inflate(body, head_.coding, max_body_, unpacked_);
  body_view_ = unpacked_;
  if (result == InflateResult::kOk || (result == InflateResult::kBroken && IsPlainText(body))) {
    if (result != InflateResult::kOk) body_view_ = body;
    return State::kDone;
  }
  body_view_ = {};
  if (status_tells()) return State::kDone;
  return result == InflateResult::kBroken ? State::kBrokenEncoding : State::kTooLarge;
}

}  // namespace ddb
