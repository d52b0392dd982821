// CarefulEncode: what FastEncode gave up on: the same DynamoDB JSON, with names that occur twice resolved
// (last wins) and with what DynamoDB cannot hold, and what is no JSON but is understood (json::Grammar), put
// in the form that docs/item-encoding.md gives, each noted in the ChangeLog. It may look at the text several
// times, still without a tree and without recursion. Worker thread.
#pragma once

#include <string_view>

#include "base/buffer.h"
#include "items/change_log.h"
#include "items/item_size.h"
#include "items/kept_fields.h"

namespace ddb {

struct CarefulResult {
  const char* next = nullptr;  // behind the value; nullptr: not valid, by the lenient grammar
  SizeBounds size;
};

// `p` at '{' or '['; `outer_levels` as for FastEncode. `path` is where the value stands, "" for the record's
// data itself. Appends to `out`.
//
// With `fields`, only that is kept of a record's members, or a list's elements, which can be stored; when
// they are hopeless, what was appended is of no use.
CarefulResult CarefulEncode(const char* p, const char* end, int outer_levels, std::string_view path,
                            Buffer& out, ChangeLog& log, KeptFields* fields = nullptr);

// What an empty name becomes; "_2", "_3", ... follow where the object has that name already.
inline constexpr std::string_view kEmptyNameSubstitute = "_airbyte_empty_name";

}  // namespace ddb
