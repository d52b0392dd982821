// HTTP/1.1 as the scripted server speaks it: reads a request in two steps (head, body), since a rule may
// break the connection between them, and turns a Reply into bytes. Used by one connection thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "scripted_server/stream.h"

namespace scripted {

struct HttpRequest {
  std::string method, target, path, query, version;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case, in order of arrival
  size_t content_length = 0;
  size_t head_bytes = 0;
  std::string body;

  // "" when absent.
  std::string_view Header(std::string_view lower_case_name) const;
  int CountHeader(std::string_view lower_case_name) const;
};

// Faults of a reply, beside its status and body.
struct ReplyFaults {
  enum class Crc { kRight, kWrong, kMissing };
  Crc crc = Crc::kRight;
  bool chunked = false;
  enum class Length { kRight, kMissing, kBesideChunks };
  Length length = Length::kRight;  // kMissing: the close of the connection ends the body
  std::string packed;  // gzip or deflate, after the checksum was made, as something on the way does it
  std::vector<std::string> headers;  // lines, added to the others
  bool stay_open = false;            // without a length: nor does it close
  bool connection_close = false;     // says so, and closes
  bool close_after = false;          // closes without saying so
  long truncate_at = -1;             // bytes of the body that are sent before the close
  size_t dribble_bytes = 0;          // sends in pieces of this size ...
  int dribble_ms = 0;                // ... with this pause
  std::string raw;                   // sent in place of the whole reply
};

struct Reply {
  int status = 200;
  std::string content_type = "application/x-amz-json-1.0";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  ReplyFaults faults;
};

enum class HttpResult { kOk, kClosed, kIdle, kBad };

class HttpConnection {
 public:
  explicit HttpConnection(Stream& stream) : stream_(stream) {}
  // Waits for a request; kIdle after `idle_ms` (-1: never) without a byte of one. kBad: also where the head
  // is larger than that.
  HttpResult ReadHead(HttpRequest& request, int idle_ms, size_t max_head_bytes);
  // Reads `size` more bytes of the body into request.body.
  bool ReadBody(HttpRequest& request, size_t size);
  // False when the connection is to be closed.
  bool WriteReply(const Reply& reply, int64_t clock_offset_s);

 private:
  bool ParseHead(std::string_view head, HttpRequest& request);
  Stream& stream_;
  std::string buffer_;
};

std::string HttpDate(int64_t unix_seconds);

}  // namespace scripted
