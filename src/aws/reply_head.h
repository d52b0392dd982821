// ReplyHead: the status line and the headers of an HTTP reply, as far as a client of DynamoDB needs them.
// Part of reply_parser, which finds where a head ends. Pure values.
//
// Lenient as RFC 9112 lets a client be, where that changes nothing in what a reply says: lines may end with
// a bare LF (2.2), be folded (5.2), have blanks before the colon (5.1).
// https://www.rfc-editor.org/rfc/rfc9112
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "aws/inflate.h"

namespace ddb {

struct ReplyHead {
  int status = 0;
  bool http_1_0 = false;
  bool keep_alive = true;
  bool chunked = false;
  bool until_close = false;  // a Transfer-Encoding that does not end with chunked
  enum class Length : uint8_t { kNone, kGiven, kContradictory, kBad };
  Length length_is = Length::kNone;
  uint64_t length = 0;
  Coding coding = Coding::kNone;  // Content-Encoding, and Transfer-Encoding besides chunked
  bool has_crc32 = false;
  uint32_t crc32 = 0;
  int64_t date_seconds = 0;   // 0: none
  int64_t idle_seconds = -1;  // Keep-Alive: timeout=; -1: not given
  std::string request_id;     // [A-Za-z0-9-]
  std::string error_type;     // x-amzn-ErrorType, as sent
  std::string location;       // as sent

  // `head` is the status line and the headers, each with its line end. False: not HTTP.
  bool Parse(std::string_view head);

 private:
  bool ParseStatusLine(std::string_view line);
  bool ParseLine(std::string_view line);
  bool ParseHeader(std::string_view name, std::string_view value);
  void AddLength(std::string_view list);
  void AddTransferEncoding(std::string_view list);
  void AddCoding(std::string_view name);
};

}  // namespace ddb
