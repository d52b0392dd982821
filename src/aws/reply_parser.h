// ReplyParser: one HTTP/1.1 reply out of the bytes of a connection, as they come. Between http_connection,
// which reads, and HttpReply. Pure: takes bytes, gives values; one per connection, used again for each reply.
//
// Strict where leniency could take one reply for another: line ends are CRLF, framing headers come once and
// do not contradict each other, nothing follows a reply (requests are never pipelined), a success has its
// length. Skips 1xx replies. A reply that comes in one piece is not copied.
// https://www.rfc-editor.org/rfc/rfc9112
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ddb {

class ReplyParser {
 public:
  // Of all heads of a reply (1xx included) and of its trailers, in bytes.
  static constexpr size_t kMaxHead = 64 * 1024;

  enum class State { kMore, kDone, kMalformed, kTooLarge };

  void Reset(size_t max_body);  // before the first byte of each reply
  // Takes the next bytes. After kDone, body() may point into `bytes`. Not to be called after another answer
  // than kMore.
  State Feed(std::string_view bytes);
  // The server ended the connection in good order: kDone if that ends the reply, else kMalformed or, where
  // something is missing, kMore.
  State End();

  // Of a reply that is done.
  int status() const { return head_.status; }
  std::string_view body() const { return body_view_; }
  std::string_view request_id() const { return head_.request_id; }  // [A-Za-z0-9-]
  int64_t date_seconds() const { return head_.date_seconds; }       // 0: none
  bool has_crc32() const { return head_.has_crc32; }
  uint32_t crc32() const { return head_.crc32; }
  bool keep_alive() const { return head_.keep_alive; }
  int64_t idle_seconds() const { return head_.idle_seconds; }  // Keep-Alive: timeout=; -1: not given

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

  struct Head {
    int status = 0;
    bool http_1_0 = false;
    bool keep_alive = true;
    bool has_length = false;
    uint64_t length = 0;
    bool chunked = false;
    bool has_crc32 = false;
    uint32_t crc32 = 0;
    int64_t date_seconds = 0;
    int64_t idle_seconds = -1;
    std::string request_id;
  };

  State TakeHead(std::string_view& bytes);
  bool ParseHead(std::string_view head);
  bool ParseHeader(std::string_view name, std::string_view value);
  State BeginBody();
  State TakeLength(std::string_view bytes);
  State TakeChunks(std::string_view bytes);
  bool TakeChunkSize(char c);
  State TakeTrailer(std::string_view bytes);

  size_t max_body_ = 0;
  Phase phase_ = Phase::kHead;
  Head head_;
  size_t head_bytes_ = 0;  // of earlier heads and of trailers
  std::string partial_;    // a head of which the end is missing
  std::string body_;       // a body that came in pieces
  std::string_view body_view_;
  uint64_t left_ = 0;  // of a chunk
  int digits_ = 0;     // of a chunk's size
  bool after_cr_ = false;
  bool line_empty_ = true;  // of a trailer
};

}  // namespace ddb
