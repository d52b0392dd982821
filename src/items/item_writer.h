// ItemWriter: DynamoDB JSON, token by token, and the item's size as DynamoDB counts it, counted on the way.
// The JSON encoders drive it. It knows no JSON and checks nothing: whoever drives it writes strings and
// numbers at `at` himself, and has made room with Reserve.
//
// A value on one thread's stack, small enough to live in registers: the size is kept as bytes written minus
// `excess`, so that a string costs one addition of a constant.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/buffer.h"
#include "items/item_size.h"
#include "items/item_tokens.h"

namespace ddb {

// A token of at most eight bytes, copied as eight.
struct ShortToken {
  char bytes[8] = {};
  ptrdiff_t length;
  explicit constexpr ShortToken(std::string_view text) : length(static_cast<ptrdiff_t>(text.size())) {
    for (size_t i = 0; i < text.size(); ++i) bytes[i] = text[i];
  }
};

struct ItemWriter {
  // What may be written between two calls of Reserve, apart from strings' insides: a number, all levels'
  // ends, the begin of a value.
  static constexpr size_t kTokenRoom = 160;

  char* at = nullptr;
  int64_t excess = 0;  // bytes written over the lower bound of the size
  int64_t spread = 0;  // upper bound minus lower bound

  void BeginMap() { Put(kMap, 5); }  // with its end 8 bytes, 3 counted
  void BeginList() { Put(kList, 5); }
  void EndMap() { Put2(token::kMapEnd); }
  void EndList() { Put2(token::kListEnd); }

  void BeginName() { *at++ = '"'; }
  void EndName() {  // "":  3 bytes, 1 counted
    Put2(token::kNameEnd);
    excess += 2;
  }
  void BeginElement() { excess -= 1; }
  void Comma() {
    *at++ = ',';
    excess += 1;
  }
  // The inside of a string stood for `bytes` fewer than were written.
  void Shorter(int64_t bytes) { excess += bytes; }

  void BeginString() { Put(kString, 8); }  // with its end 8 bytes, none counted
  void BeginNumber() { Put(kNumber, 8); }
  void EndScalar() { Put2(token::kScalarEnd); }
  // After the digits: `length` of them were written.
  void CountNumber(int64_t length, SizeBounds size) {
    excess += length - size.lower;
    spread += size.upper - size.lower;
  }

  void True() { PutWord<token::kTrue>(); }
  void False() { PutWord<token::kFalse>(); }
  void Null() { PutWord<token::kNull>(); }

  SizeBounds SizeSince(const char* begin) const {
    const int64_t lower = (at - begin) - excess;
    return {lower, lower + spread};
  }

  // Room for `room` bytes behind `at`, which is the end of `out`; returns its new place.
  static char* Reserve(Buffer& out, const char* at, size_t room) {
    out.CommitTo(at);
    return out.Grow(room);
  }

 private:
  static constexpr ShortToken kMap{token::kMapBegin};
  static constexpr ShortToken kList{token::kListBegin};
  static constexpr ShortToken kString{token::kStringBegin};
  static constexpr ShortToken kNumber{token::kNumberBegin};

  void Put(const ShortToken& text, int64_t more) {
    std::memcpy(at, text.bytes, sizeof text.bytes);
    at += text.length;
    excess += more;
  }
  void Put2(std::string_view text) {
    std::memcpy(at, text.data(), 2);
    at += 2;
  }
  // true, false and null: one byte each.
  template <const std::string_view& kWord>
  void PutWord() {
    std::memcpy(at, kWord.data(), kWord.size());
    at += kWord.size();
    excess += static_cast<int64_t>(kWord.size()) - 1;
  }
};

}  // namespace ddb
