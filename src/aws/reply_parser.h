// ReplyParser: one HTTP/1.1 reply out of the bytes of a connection, as they come. Between http_connection,
// which reads, and HttpReply. Pure: takes bytes, gives values; one per connection, used again for each reply.
//
// It takes what RFC 9112 lets a careful client take: chunks win over a length, a body without either lasts
// until the connection ends, a compressed one is unpacked, what follows a reply is thrown away with its
// connection (requests are never pipelined). It refuses what could be read in two ways. Whether a body that
// only the end of the connection ends is whole is for its reader to say. Skips 1xx replies. A reply that
// comes in one piece is not copied. https://www.rfc-editor.org/rfc/rfc9112
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "aws/reply_head.h"

namespace ddb {

class ReplyParser {
 public:
  // Of all heads of a reply (1xx included) and of its trailers, in bytes.
  static constexpr size_t kMaxHead = 64 * 1024;

  enum class State {
    kMore,
    kDone,
    kMalformed,
    kSpeaksTls,
    kTwoLengths,
    kUnknownEncoding,
    kBrokenEncoding,
    kTooLarge
  };

  void Reset(size_t max_body);  // before the first byte of each reply
  // Takes the next bytes. After kDone, body() may point into `bytes`. Not to be called after another answer
  // than kMore.
  State Feed(std::string_view bytes);
  // The connection has ended: kMore where something is missing, else as Feed.
  State End();

  // Of a reply that is done.
  int status() const { return head_.status; }
  // Unpacked. Of an error, which its status tells, it can be "" or a beginning: where it is too long, or
  // cannot be unpacked.
  std::string_view body() const { return body_view_; }
  std::string_view sent_body() const { return sent_view_; }  // as it came
  const ReplyHead& head() const { return head_; }
  bool keep_alive() const { return head_.keep_alive; }
  // Nothing but the end of the connection ends the body. From its head on.
  bool open_ended() const { return phase_ == Phase::kUntilClose; }
  // What came of such a body ends as a JSON object does.
  bool may_be_whole() const;

 private:
  enum class Phase {
    kHead,
    kLength,
    kChunkSize,
    kChunkExtension,
    kChunkData,
    kChunkEnd,
    kTrailer,
    kUntilClose
  };

  State TakeHead(std::string_view& bytes);
  State BeginBody(std::string_view bytes);
  State TakeLength(std::string_view bytes);
  State TakeUntilClose(std::string_view bytes);
  State TakeChunks(std::string_view bytes);
  bool TakeChunkSize(char c);
  State TakeTrailer(std::string_view bytes);
  State TooLarge(std::string_view bytes);
  State Finish(std::string_view body);
  bool status_tells() const { return head_.status >= 300 && head_.status != 400; }

  size_t max_body_ = 0;
  Phase phase_ = Phase::kHead;
  ReplyHead head_;
  size_t head_bytes_ = 0;  // of earlier heads and of trailers
  std::string partial_;    // a head of which the end is missing
  std::string body_;       // a body that came in pieces
  std::string unpacked_;
  std::string_view sent_view_;
  std::string_view body_view_;
  uint64_t left_ = 0;  // of a chunk
  int digits_ = 0;     // of a chunk's size
  bool after_cr_ = false;
  bool line_empty_ = true;  // of a trailer
};

}  // namespace ddb
