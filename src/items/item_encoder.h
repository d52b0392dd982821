// ItemEncoder: a record -> the bytes of one PutRequest in a BatchWriteItem request, in one pass over the
// record's raw JSON: no tree, no number through a double, no recursion by depth. Pure but for its random ids;
// one per worker thread.
//
// Use, for each record: EncodeData when the parser meets record.data (appends
// `{"PutRequest":{"Item":{"_airbyte_data":...`), then Finish once the rest of the record is known (appends
// the other attributes and closes). On a failure the caller truncates the buffer to where the item began.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "base/buffer.h"

namespace ddb {

// Why DynamoDB can never hold a record.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
enum class RejectReason {
  kNone,
  kNumberPrecision,  // over 38 significant digits
  kNumberRange,      // outside 1E-130 .. 9.99E+125
  kTooDeep,          // over 32 levels
  kEmptyName,        // an attribute or map name is empty
  kNameTooLong,      // over 65,535 bytes
  kItemTooLarge,     // over 409,600 bytes
  kLoneSurrogate,    // an escape that is no code point
};
std::string_view RejectReasonText(RejectReason reason);  // for messages; names no value

struct EncodedData {
  const char* next = nullptr;  // one past the value, nullptr: not valid JSON (or not valid UTF-8)
  RejectReason reject = RejectReason::kNone;
};

class ItemEncoder {
 public:
  static constexpr size_t kPadding = 64;  // readable bytes behind the input, for wide loads

  ItemEncoder();
  ~ItemEncoder();

  // The attributes that all items of a stream share (sync_time, _airbyte_generation_id,
  // _airbyte_meta.sync_id), encoded once.
  struct Stream {
    int64_t sync_time_millis = 0;
    std::optional<int64_t> generation_id;
    std::optional<int64_t> sync_id;
  };

  // `p` at the '{' of record.data.
  EncodedData EncodeData(const char* p, const char* end, const Stream& stream, Buffer& out);
  // Ends the item that EncodeData began. Gives kNone, or why the whole item can never be stored.
  RejectReason Finish(std::string_view emitted_at, std::string_view meta, const Stream& stream, Buffer& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ddb
