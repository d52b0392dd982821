// Any bytes as an HTTP reply: the parser must not read outside them, must keep to its limits, and must come
// to the same end however the bytes are cut into pieces. The first four bytes of an input seed the cuts.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "aws/reply_parser.h"

namespace {

using ddb::ReplyParser;
using State = ReplyParser::State;

constexpr size_t kMaxBody = 4096;

struct Outcome {
  State state = State::kMore;
  int status = 0;
  std::string body, request_id;
  bool keep_alive = false, has_crc32 = false;
  uint32_t crc32 = 0;
  int64_t date = 0, idle = 0;
  bool operator==(const Outcome&) const = default;
};

// `seed` 0: all in one piece.
Outcome Parse(ReplyParser& parser, std::string_view bytes, uint32_t seed) {
  parser.Reset(kMaxBody);
  State state = State::kMore;
  std::unique_ptr<char[]> piece;  // exactly as large as what is fed, for the address sanitizer
  do {
    size_t size = bytes.size();
    if (seed != 0) {
      seed = seed * 1664525 + 1013904223;
      size = std::min<size_t>(size, (seed >> 16) % (seed & 0x8000 ? 4 : 200));
    }
    piece = std::make_unique<char[]>(size);
    if (size > 0) std::memcpy(piece.get(), bytes.data(), size);
    state = parser.Feed({piece.get(), size});
    bytes.remove_prefix(size);
  } while (state == State::kMore && !bytes.empty());
  if (state == State::kMore) state = parser.End();
  const bool keep_alive = parser.keep_alive() && bytes.empty();  // what follows ends the connection
  if (state != State::kDone) return {state, 0, {}, {}, false, false, 0, 0, 0};
  if (parser.body().size() > kMaxBody || parser.status() < 200 || parser.status() > 999) std::abort();
  return {state,
          parser.status(),
          std::string(parser.body()),
          parser.head().request_id,
          keep_alive,
          parser.head().has_crc32,
          parser.head().crc32,
          parser.head().date_seconds,
          parser.head().idle_seconds};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  uint32_t seed = 0;
  if (size < sizeof(seed)) return 0;
  std::memcpy(&seed, data, sizeof(seed));
  const std::string_view bytes(reinterpret_cast<const char*>(data) + sizeof(seed), size - sizeof(seed));
  ReplyParser parser;  // the same one twice: nothing of the first reply may show in the second
  const Outcome whole = Parse(parser, bytes, 0);
  if (Parse(parser, bytes, seed | 1) != whole) std::abort();
  return 0;
}
