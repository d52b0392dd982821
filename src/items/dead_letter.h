// DeadLetter: a record that DynamoDB will never hold, as items that it will: who it was of, why it was
// refused, and the record itself, as text or, when that is long or not UTF-8, as gzip in parts. Written into
// the table that the user named; its keys are those of layout `raw`, so that it is made and checked like the
// others. Pure but for its random ids.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/literal.h"
#include "base/stream_id.h"
#include "items/layout.h"
#include "items/uuid.h"

namespace ddb {

// One part's share of the record, bytes: under the 409,600 of an item, with room for the other attributes.
inline constexpr size_t kDeadLetterPartBytes = 350 * 1024;

struct DeadLetter {
  StreamId stream;
  Text reason;
  int64_t sync_time_millis = 0;  // of the run: the range key, as everywhere
  int64_t rejected_at_millis = 0;
  Text format;  // what `record` is: kDeadLetterAirbyte or kDeadLetterItem
  std::string_view record;
};
inline constexpr Text kDeadLetterAirbyte = "airbyte record data";  // record.data as the source sent it
inline constexpr Text kDeadLetterLine = "airbyte message";         // the whole line, where its record is odd
inline constexpr Text kDeadLetterNothing = "too long to be kept";  // `record` is empty
inline constexpr Text kDeadLetterItem = "dynamodb json";           // the item as DynamoDB refused it

// Its keys.
constexpr Layout DeadLetterLayout() { return RawLayout(); }

// One item a part. Parts of one letter share `letter_id`; record (S), or part n of record_gzip
// (B).
std::vector<std::string> DeadLetterItems(const DeadLetter& letter, UuidSource& uuids);

}  // namespace ddb
