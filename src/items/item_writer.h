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

#include "base/buffer.h"
#include "items/item_size.h"

namespace ddb {

struct ItemWriter {
  // What may be written between two calls of Reserve, apart from strings' insides: a number, all levels'
  // ends, the begin of a value.
  static constexpr size_t kTokenRoom = 160;

  char* at = nullptr;
  int64_t excess = 0;  // bytes written over the lower bound of the size
  int64_t spread = 0;  // upper bound minus lower bound

  void BeginMap() { Put8("{\"M\":{\0", 6, 5); }  // with its end 8 bytes, 3 counted
  void BeginList() { Put8("{\"L\":[\0", 6, 5); }
  void EndMap() { Put2("}}"); }
  void EndList() { Put2("]}"); }

  void BeginName() { *at++ = '"'; }
  void EndName() {  // "":  3 bytes, 1 counted
    Put2("\":");
    excess += 2;
  }
  void BeginElement() { excess -= 1; }
  void Comma() {
    *at++ = ',';
    excess += 1;
  }
  // The inside of a string stood for `bytes` fewer than were written.
  void Shorter(int64_t bytes) { excess += bytes; }

  void BeginString() { Put8("{\"S\":\"\0", 6, 8); }
  void BeginNumber() { Put8("{\"N\":\"\0", 6, 8); }
  void EndScalar() { Put2("\"}"); }
  // After the digits: `length` of them were written.
  void CountNumber(int64_t length, SizeBounds size) {
    excess += length - size.lower;
    spread += size.upper - size.lower;
  }

  void True() {
    Put8("{\"BOOL\":", 8, 12);
    std::memcpy(at, "true}", 5);
    at += 5;
  }
  void False() {
    Put8("{\"BOOL\":", 8, 13);
    std::memcpy(at, "false}", 6);
    at += 6;
  }
  void Null() {
    Put8("{\"NULL\":", 8, 12);
    std::memcpy(at, "true}", 5);
    at += 5;
  }

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
  void Put8(const char* text, ptrdiff_t length, int64_t extra) {
    std::memcpy(at, text, 8);
    at += length;
    excess += extra;
  }
  void Put2(const char* text) {
    std::memcpy(at, text, 2);
    at += 2;
  }
};

}  // namespace ddb
