#include "aws/inflate.h"

#include <zlib.h>

#include <algorithm>

namespace ddb {
namespace {

// https://zlib.net/manual.html#Advanced
constexpr int kZlibFormat = MAX_WBITS;
constexpr int kBareFormat = -MAX_WBITS;
constexpr int kGzipFormat = MAX_WBITS + 16;
// How much `out` grows at a time: what a short body claims to become is not believed in advance.
constexpr size_t kStep = 16 * 1024;

class Stream {
 public:
  Stream(std::string_view body, int format) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
    stream_.avail_in = static_cast<uInt>(body.size());
    good_ = body.size() <= UINT32_MAX && inflateInit2(&stream_, format) == Z_OK;
  }
  ~Stream() { inflateEnd(&stream_); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  InflateResult Run(size_t max, std::string& out) {
    if (!good_) return InflateResult::kBroken;
    size_t done = 0;
    for (;;) {
      // One byte more than may come shows that there is more.
      out.resize(std::min(done + kStep, max + 1));
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + done);
      stream_.avail_out = static_cast<uInt>(out.size() - done);
      const int result = inflate(&stream_, Z_NO_FLUSH);
      done = out.size() - stream_.avail_out;
      if (done > max) return InflateResult::kTooLarge;
      if (result == Z_STREAM_END) {
        // https://www.rfc-editor.org/rfc/rfc1952#section-2.2: members follow each other.
        if (stream_.avail_in > 0 && inflateReset(&stream_) == Z_OK) continue;
        out.resize(done);
        return InflateResult::kOk;
      }
      if (result != Z_OK || (stream_.avail_in == 0 && stream_.avail_out > 0)) return InflateResult::kBroken;
    }
  }

 private:
  z_stream stream_{};
  bool good_ = false;
};

// https://www.rfc-editor.org/rfc/rfc1950#section-2.2
bool HasZlibHeader(std::string_view body) {
  if (body.size() < 2) return false;
  const auto first = static_cast<unsigned char>(body[0]);
  const auto second = static_cast<unsigned char>(body[1]);
  return (first & 0x0f) == Z_DEFLATED && (first * 256 + second) % 31 == 0;
}

}  // namespace

InflateResult Inflate(std::string_view body, Coding coding, size_t max, std::string& out) {
  const int format = coding == Coding::kGzip ? kGzipFormat : HasZlibHeader(body) ? kZlibFormat : kBareFormat;
  return Stream(body, format).Run(max, out);
}

}  // namespace ddb
