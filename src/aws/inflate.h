// Inflate: the body of a reply that came compressed, as it was before. We ask for no compression, but
// something on the way may do it all the same. Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ddb {

// What was done to a body. https://www.rfc-editor.org/rfc/rfc9110#section-8.4.1
enum class Coding : uint8_t {
  kNone,
  kGzip,     // gzip, x-gzip
  kDeflate,  // zlib's format; some servers send the bare one, which is taken too
  kUnknown,  // br, zstd, more than one, ...
};

enum class InflateResult { kOk, kBroken, kTooLarge };

// `out`, which holds at most `max` bytes, becomes the body; not to be used after another answer than kOk.
// Of kGzip or kDeflate. The whole of `body` has to be one compressed text (of gzip: one or more).
InflateResult Inflate(std::string_view body, Coding coding, size_t max, std::string& out);

}  // namespace ddb
