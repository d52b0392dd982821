// ItemEncoder: a record -> the bytes of one item, `{"name":value,...}` in DynamoDB JSON, in one pass over the
// record's raw JSON: no tree, no number through a double, no recursion by depth. Pure but for its random ids;
// one per worker thread.
//
// Use, for each record: EncodeData when the parser meets record.data (appends
// `{"_airbyte_data":...`), then Finish once the rest of the record is known (appends
// the other attributes and closes). On a failure the caller truncates the buffer to where the item began.
//
// What DynamoDB cannot hold is put in a form that it can and noted in `_airbyte_meta.changes`
// (docs/item-encoding.md). The common record takes FastEncode; the rare one CarefulEncode and ShrinkItem. An
// item whose size the two known rules place on both sides of the limit is left as it is; if the service then
// refuses it, ShrinkItem makes it smaller (pipeline/dispatcher_refusals.cc).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/buffer.h"
#include "base/literal.h"
#include "items/item_size.h"
#include "items/layout.h"
#include "json/padding.h"

namespace ddb {

// Why DynamoDB can never hold a record.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
enum class RejectReason {
  kNone,
  kItemTooLarge,       // over 409,600 bytes by what has to stay
  kEmittedAtTooLarge,  // over 38 significant digits before the point, or 1E+126
};
Text RejectReasonText(RejectReason reason);  // for messages; names no value

struct EncodedData {
  const char* next = nullptr;  // one past the value, nullptr: not valid, by json::Grammar::kLenient
};

class StreamEncoding;

class ItemEncoder {
 public:
  ItemEncoder();
  ~ItemEncoder();

  // What all items of a stream share (sync_time, _airbyte_generation_id, _airbyte_meta.sync_id), and what of
  // its records has to stay.
  struct Stream {
    Layout layout = RawLayout();
    int64_t sync_time_millis = 0;
    std::optional<int64_t> generation_id = {};
    std::optional<int64_t> sync_id = {};
    // Fields of the record that are never nulled to make it fit: those of the primary key, and the cursor.
    std::vector<std::string> protected_fields = {};
  };

  // `p` at the '{' of record.data; json::kPadding bytes behind `end` are readable. Without its stream, only
  // to learn where it ends.
  EncodedData EncodeData(const char* p, const char* end, const StreamEncoding* stream, Buffer& out);
  // A JSON number, as it was sent.
  struct EmittedAt {
    std::string_view number;
    bool is_digits = true;  // "-"? [0-9]+; else a fraction that it has is cut
  };
  // Ends the item that EncodeData began; over the size limit its largest fields are nulled. `meta` is the raw
  // JSON of record.meta, valid by json::Grammar::kLenient, "" if there is none. Gives kNone, or why the whole
  // item can never be stored.
  RejectReason Finish(const EmittedAt& emitted_at, std::string_view meta, const StreamEncoding& stream,
                      Buffer& out);

  // Of the item that Finish ended.
  struct ItemFacts {
    SizeBounds size;
    size_t truncated = 0;    // values and names changed, for additionalStats.truncatedValueCount
    size_t nulled = 0;       // fields nulled or left out, for additionalStats.nulledValueCount
    size_t noted_bytes = 0;  // that the item has for noting what was changed (growth_bound)
  };
  const ItemFacts& last_item() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A stream's share of its items, made once and found by the stream's number. Immutable; any thread.
class StreamEncoding {
 public:
  // NOLINTNEXTLINE(google-explicit-constructor): it stands for the stream
  StreamEncoding(const ItemEncoder::Stream& stream);

  const Layout& layout() const { return layout_; }
  std::optional<int64_t> sync_id() const { return sync_id_; }
  const std::vector<std::string>& protected_fields() const { return protected_fields_; }
  // What stands in front of the record's data, and between them and emitted_at's digits, with room for the
  // item's id; the size of all that.
  std::string_view begin() const { return begin_; }
  std::string_view text() const { return text_; }
  size_t id_in_text() const { return id_in_text_; }
  SizeBounds size() const { return size_; }

 private:
  void AddNumber(std::string_view name, int64_t value);

  Layout layout_;
  std::optional<int64_t> sync_id_;
  std::vector<std::string> protected_fields_;
  std::string begin_;
  std::string text_;
  size_t id_in_text_ = 0;
  SizeBounds size_;
};

}  // namespace ddb
