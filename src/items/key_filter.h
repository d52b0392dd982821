// KeyFilter: has this object two members of one name? Almost never, but every name must be looked at, so it
// is made cheap: a name is one multiply, and an object whose set of names has been seen before is one
// comparison, since records come in kinds. What it has not seen it looks through.
//
// Equal names are always found, up to the chance of two equal 64-bit sums under a random seed; a "perhaps" is
// only a reason to look closer. One per encoder (worker thread).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "json/padding.h"

namespace ddb {

class KeyFilter {
 public:
  explicit KeyFilter(uint64_t seed);

  // The names of one open object. Objects nest: Begin and End as brackets do, each with where the names of
  // the objects around it end (`names`, which the caller keeps; at first BeginRecord's).
  struct Object {
    uint64_t sum;  // of the hashes of its names
    uint64_t* begin;
  };

  static constexpr size_t kReadAhead = 8;
  static_assert(kReadAhead <= json::kPadding);

  uint64_t* BeginRecord() { return hashes_.data(); }
  static Object Begin(uint64_t* names) { return {0, names}; }

  // `name` must be followed by kReadAhead readable bytes.
  [[gnu::always_inline]] uint64_t Hash(const char* name, size_t length) const {
    uint64_t first = Load(name);
    uint64_t last = length;
    if (length < 8) {
      first = length == 0 ? 0 : first << (64 - 8 * length);
    } else {
      last ^= Load(name + length - 8) * 0xA0761D6478BD642F;
      if (length > 16) [[unlikely]]
        first = HashMiddle(first, name, length);
    }
    return Mix(first ^ seed_, last ^ 0xE7037ED1A0B428DB);
  }
  // False: there is no room, this is for somebody slower.
  [[gnu::always_inline]] bool Add(Object& object, uint64_t*& names, uint64_t hash) const {
    if (names == limit_) [[unlikely]]
      return false;
    object.sum += hash;
    *names++ = hash;
    return true;
  }
  // False: it has a name twice, perhaps.
  [[gnu::always_inline]] bool End(const Object& object, uint64_t*& names) {
    const bool known = names - object.begin < 2 || known_[object.sum % kKnown] == object.sum;
    if (!known && !LookThrough(object, names)) [[unlikely]]
      return false;
    names = object.begin;
    return true;
  }

 private:
  static constexpr size_t kKnown = 512;         // sets of names
  static constexpr size_t kMaxNames = 1 << 14;  // of all open objects at a time
  static constexpr size_t kKeptNames = 1 << 14;

  static uint64_t Load(const char* p) {
    uint64_t word;
    std::memcpy(&word, p, sizeof word);
    return word;
  }
  // The high and low halves of a 128-bit product, folded.
  static uint64_t Mix(uint64_t a, uint64_t b) {
    __extension__ using Product = unsigned __int128;
    const Product product = static_cast<Product>(a) * b;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  }
  uint64_t HashMiddle(uint64_t hash, const char* name, size_t length) const;
  bool LookThrough(const Object& object, const uint64_t* names);
  bool HasEqual(const uint64_t* hashes, size_t count);

  const uint64_t seed_;
  std::vector<uint64_t> hashes_;  // of the names of all open objects, the innermost last
  const uint64_t* const limit_;
  std::array<uint64_t, kKnown> known_{};  // sums of sets without equal names
  std::vector<uint64_t> sorted_;
};

}  // namespace ddb
