// AppendMeta: the attribute `_airbyte_meta` of one item: `changes` (those that came with the record,
// untouched and in order, then the encoder's own) and `sync_id`. Absent when there are no changes. Worker
// thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/buffer.h"
#include "items/change_log.h"
#include "items/item_size.h"
#include "items/item_tokens.h"
#include "items/key_filter.h"

namespace ddb {

// One element of the list, with the field's path, the change and the reason between these.
inline constexpr std::string_view kChangeField = R"({"M":{"field":{"S":")";
inline constexpr std::string_view kChangeChange = R"("},"change":{"S":")";
inline constexpr std::string_view kChangeReason = R"("},"reason":{"S":")";
inline constexpr std::string_view kChangeEnd = R"("}}})";
// The attribute around the list, and with a sync_id.
inline constexpr std::string_view kMetaBegin = R"(":{"M":{"changes":)";  // behind the attribute's name
inline constexpr std::string_view kMetaSyncId = R"(,"sync_id":{"N":")";

struct AppendedMeta {
  SizeBounds size;
  size_t noted_bytes = 0;  // of the encoder's own changes, as written
  bool too_large = false;  // no item can hold what came with the record; what was appended is of no use
};

// `meta` is the raw, valid JSON of record.meta, "" if there is none, followed by padding; what is no object,
// or has no list `changes`, counts as none. Appends `,"_airbyte_meta":{...}` or nothing; returns the
// attribute's size. What DynamoDB cannot hold in the list is added to `log` as well.
AppendedMeta AppendMeta(std::string_view meta, std::optional<int64_t> sync_id, KeyFilter& keys,
                        ChangeLog& log, Buffer& out);

// Appends one element of the list.
void AppendChange(std::string_view field, ChangeWords words, std::string& out);

}  // namespace ddb
