// growth_bound: how long the item of a record can be, at the most, for the bytes of its line. The memory
// budget reserves that much before a chunk is parsed (P3), so it is not guessed: it is computed here from the
// writers' own constants, token by token, and a fuzz target holds every encoding to it. Constants; any
// thread.
//
//   bytes of the items of n bytes of input  <=  GrownBytes(n) + what was noted of their changes
//
// What was noted (ItemEncoder::ItemFacts::noted_bytes) is apart, since it is nothing but for the rare record,
// and of that record can be a hundred times as long as its line: a hundred paths of 1,024 bytes each.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "items/careful_encoder.h"
#include "items/change_log.h"
#include "items/item_meta.h"
#include "items/item_tokens.h"
#include "items/layout.h"
#include "items/number.h"
#include "items/uuid.h"

namespace ddb::growth {

// A piece of JSON as short as it can be, and as long as what is written for it can get.
struct Piece {
  size_t in;
  size_t out;
};
constexpr Piece Worse(Piece a, Piece b) { return a.out * b.in >= b.out * a.in ? a : b; }

constexpr Piece Scalar(size_t in, std::string_view begin, size_t inside) {
  return {in + token::kComma.size(), begin.size() + inside + token::kScalarEnd.size() + token::kComma.size()};
}
constexpr Piece WorstNumber() {
  Piece worst{1, 1};
  for (int count = 1; count <= kMaxNumberDigits; ++count) {
    for (int exponent = kMinNumberExponent; exponent <= kMaxNumberExponent; ++exponent) {
      const size_t written = WrittenLength(count, exponent);
      worst = Worse(worst, Scalar(ShortestLength(count, exponent), token::kNumberBegin, written));
    }
  }
  return worst;
}

// ---- the other tokens, each with the comma that tells it from the next one where it needs one

// A byte of a string's inside, where it is not copied: a control character without a short form becomes six,
// \u0001, in a name that is written anew and in a path.
constexpr size_t kEscaped = 6;
// A name that many others of its object become too: _2, _3, ... There are no more of them than an input has
// bytes.
constexpr size_t kNameSuffix = 1 + 10;

constexpr Piece Container(std::string_view begin, std::string_view end) {
  return {2, begin.size() + end.size()};
}
constexpr Piece Name(size_t in, size_t out) {
  constexpr size_t kFrame = token::kNameBegin.size() + token::kNameEnd.size();
  return {kFrame + in, kFrame + out};
}
constexpr Piece Word(std::string_view in, std::string_view out) {
  return {in.size() + token::kComma.size(), out.size() + token::kComma.size()};
}
// An empty name, and one that has its substitute's name already beside it.
inline constexpr Piece kEmptyName = Name(0, kEmptyNameSubstitute.size());
inline constexpr Piece kEmptyNames{kEmptyName.in + Name(kEmptyNameSubstitute.size(), 0).in,
                                   2 * kEmptyName.out + kNameSuffix};

constexpr size_t Attribute(std::string_view name, std::string_view begin, size_t inside) {
  return Name(0, name.size()).out + Scalar(0, begin, inside).out;
}
// One element of `_airbyte_meta.changes`, without its field.
inline constexpr size_t kChange = Attribute(kChangeField, token::kStringBegin, 0) +
                                  Attribute(kChangeChange, token::kStringBegin, 0) +
                                  Attribute(kChangeReason, token::kStringBegin, 0) + token::kMapBegin.size() +
                                  token::kMapEnd.size() + kLongestChangeWords;

// A field that is nulled because its item is too large. It is only where that gains something (shrink_item),
// so that its value has more bytes, as DynamoDB counts them, than the words of the change; of a JSON value's
// bytes none counts for more than two.
inline constexpr Piece kNulled{
    (std::string_view("fieldchangereason").size() + WordsFor(ChangeKind::kItemTooLarge).change.size() +
     WordsFor(ChangeKind::kItemTooLarge).reason.size()) /
        2,
    token::kNull.size() + kChange};

inline constexpr Piece kPieces[] = {
    WorstNumber(),
    Scalar(2, token::kStringBegin, 0),  // ""
    Scalar(6, token::kStringBegin, 6),  // 1e126, which is no number for DynamoDB
    Word("true", token::kTrue),
    Word("false", token::kFalse),
    Word("null", token::kNull),
    Container(token::kMapBegin, token::kMapEnd),
    Container(token::kListBegin, token::kListEnd),
    Scalar(2, token::kStringBegin, 2 * 2),  // too deep: its text, with quotes escaped
    {1, kEscaped},
    kNulled,
    {1, 1 + kEscaped},  // a byte of its name
    kEmptyName,
    kEmptyNames,
    Name(1, 3 + kNameSuffix),  // a byte that is not UTF-8; half a surrogate pair is longer
};
constexpr Piece WorstPiece() {
  Piece worst = kPieces[0];
  for (const Piece& piece : kPieces) worst = Worse(worst, piece);
  return worst;
}
inline constexpr Piece kWorst = WorstPiece();

// ---- a record
constexpr size_t kWholeNumber = 20;  // -9223372036854775808
// What an item has beside the values of its record.
constexpr size_t ItemFrame(const Layout& layout) {
  return Attribute(layout.data.name, "", 0) + Attribute(layout.id.name, token::kStringBegin, kUuidLength) +
         Attribute(layout.sync_time.name, token::kNumberBegin, kWholeNumber) +
         Attribute(layout.generation_id.name, token::kNumberBegin, kWholeNumber) +
         Attribute(layout.emitted_at.name, token::kNumberBegin, 0) +
         Attribute(layout.meta.name, token::kMapBegin, 0) + Attribute(kMetaChanges, token::kListBegin, 0) +
         Attribute(kMetaSyncId, token::kNumberBegin, kWholeNumber);
}
inline constexpr size_t kItemFrame = ItemFrame(RawLayout());
// What a kind of write may put around an item in a request's body (dynamodb/write_request).
inline constexpr size_t kMaxEnvelope = 64;
// A record's line has at least this beside the record's values.
inline constexpr std::string_view kLine = R"({"type":"RECORD","record":{"stream":"","data":,"emitted_at":}})";
static_assert((kItemFrame + kMaxEnvelope) * kWorst.in <= kLine.size() * kWorst.out,
              "whole records do not grow more than the worst of their values");

// What is noted of the fields and of the changes for which an item has no room, each at the most.
inline constexpr size_t kCountedChanges =
    2 * (kChange + Attribute(kChangeCount, token::kNumberBegin, kWholeNumber) + kUnnamedChanges.size());

}  // namespace ddb::growth
namespace ddb {

// Of whole lines, with what a request puts around their items, without what was noted.
constexpr size_t GrownBytes(size_t line_bytes) {
  return (line_bytes * growth::kWorst.out + growth::kWorst.in - 1) / growth::kWorst.in;
}

// What is noted of one record by path. Beyond that it is once for each top-level field: growth::kChange and
// the field's name, of which no byte becomes more than kEscaped.
inline constexpr size_t kMaxNotedByPath =
    ChangeLog::kMaxPaths * (growth::kChange + ChangeLog::kMaxPathBytes * growth::kEscaped) +
    growth::kCountedChanges;

}  // namespace ddb
