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
#include "items/key_filter.h"
#include "items/layout.h"

namespace ddb {

// What the attribute's map has, and an element of the list.
inline constexpr std::string_view kMetaChanges = "changes";
inline constexpr std::string_view kMetaSyncId = "sync_id";
inline constexpr std::string_view kChangeField = "field";  // its path
inline constexpr std::string_view kChangeChange = "change";
inline constexpr std::string_view kChangeReason = "reason";
inline constexpr std::string_view kChangeCount = "count";  // of an element that stands for several
// The field of an element that stands for those that are not there.
inline constexpr std::string_view kUnnamedChanges = "_airbyte_meta.changes";
inline constexpr uint64_t kMostCounted = 999'999'999'999'999'999;

struct AppendedMeta {
  SizeBounds size;
  size_t noted_bytes = 0;  // of the encoder's own changes, as written
  uint64_t unnamed = 0;    // elements of the list that no item can hold, and that were left out at its end
};

// `meta` is the raw, valid JSON of record.meta, "" if there is none, followed by padding; what is no object,
// or has no `changes`, counts as none. Appends `,"_airbyte_meta":{...}` or nothing; returns the attribute's
// size. What DynamoDB cannot hold in the list is added to `log` as well, and `changes` that are no list.
AppendedMeta AppendMeta(std::string_view meta, const Layout& layout, std::optional<int64_t> sync_id,
                        KeyFilter& keys, ChangeLog& log, Buffer& out);

// The attribute's pieces, each behind what stands before it: the attribute up to where its list begins, one
// element of the list, and what follows on the list's elements.
void BeginMeta(const Layout& layout, std::string& out);
void AppendChange(std::string_view field, ChangeWords words, std::string& out);
void AppendCountedChange(std::string_view field, uint64_t count, std::string& out);
void EndMeta(std::optional<int64_t> sync_id, std::string& out);

}  // namespace ddb
