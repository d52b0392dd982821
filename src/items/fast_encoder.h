// FastEncode: one JSON object or array -> DynamoDB JSON in one pass, for values that need no thought: no
// tree, no recursion, strings copied raw, numbers from their text. What is rare (a number or depth that
// DynamoDB cannot hold, an unusable name, half a surrogate pair, perhaps a name twice, a text of megabytes)
// makes it stop with kRare, and what is no JSON with kInvalid; the careful encoder then does the value again.
// Worker thread.
#pragma once

#include <cstdint>

#include "base/buffer.h"
#include "items/item_size.h"
#include "items/key_filter.h"
#include "json/padding.h"

namespace ddb {

enum class FastStatus : uint8_t { kDone, kRare, kInvalid };

struct FastResult {
  FastStatus status = FastStatus::kInvalid;
  const char* next = nullptr;  // with kDone: behind the value
  SizeBounds size;             // with kDone
};

// What is longer is left to the careful encoder, which keeps no more of it than can be stored: a record's
// text, which may stand before anything else of a long line, and what becomes of it. Bytes.
inline constexpr size_t kMaxFastInput = size_t{4} << 20;
inline constexpr size_t kMaxFastOutput = size_t{8} << 20;

// `p` at '{' or '[', with json::kPadding readable bytes behind `end`; `outer_levels` containers are around it
// already, of the 31 that DynamoDB allows. Appends to `out`; without kDone, what was appended is for the
// caller to truncate.
using FastEncode = FastResult(const char* p, const char* end, int outer_levels, KeyFilter& keys, Buffer& out);
FastEncode FastEncodePortable;
#if defined(__SSE2__)
FastEncode FastEncodeSse2;
FastEncode FastEncodeAvx2;  // only where HasAvx2()
#endif
// The fastest that this CPU runs.
FastEncode* ChooseFastEncode();

// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html : 32 levels, of which a
// scalar is the last.
inline constexpr int kMaxContainers = 31;
inline constexpr int kMaxNameBytes = 65'535;

}  // namespace ddb
