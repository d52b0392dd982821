// KeyFilter: has this object a member of this name already? Asked once for every name, so it is one multiply
// and one probe. Equal names are always found; that unequal ones meet is as likely as equal 48-bit hashes,
// and the answer is only a reason to look closer.
//
// One per encoder (worker thread). It needs no clearing between records: entries carry their record's epoch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace ddb {

class KeyFilter {
 public:
  explicit KeyFilter(uint64_t seed);

  void BeginRecord() {
    if (++epoch_ == 0) Forget();
    mask_ = kFirstSlots - 1;
    count_ = 0;
    objects_ = 0;
  }
  // A new object; the value goes with each of its names.
  uint64_t BeginObject() { return ++objects_ * 0x9E3779B97F4A7C15; }

  // `name` must be followed by 8 readable bytes. True: perhaps there already.
  [[gnu::always_inline]] bool Add(uint64_t object, const char* name, size_t length) {
    const uint64_t entry = (Hash(object, name, length) & ~uint64_t{0xFFFF}) | epoch_;
    size_t slot = Slot(entry);
    while (static_cast<uint16_t>(slots_[slot]) == epoch_) {
      if (slots_[slot] == entry) return true;
      slot = (slot + 1) & mask_;
    }
    slots_[slot] = entry;
    if (++count_ * 2 > mask_) [[unlikely]]
      Grow();
    return false;
  }

  // Gives back what an unusually wide record made it take.
  void Shrink();

 private:
  static constexpr size_t kFirstSlots = 64;
  static constexpr size_t kKeptSlots = 1 << 14;  // 128 KiB

  size_t Slot(uint64_t entry) const { return static_cast<size_t>(entry >> 36) & mask_; }
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
  [[gnu::always_inline]] uint64_t Hash(uint64_t object, const char* name, size_t length) const {
    uint64_t first = Load(name);
    uint64_t last = length;
    if (length < 8) {
      first = length == 0 ? 0 : first << (64 - 8 * length);
    } else {
      last ^= Load(name + length - 8) * 0xA0761D6478BD642F;
      if (length > 16) [[unlikely]]
        first = HashMiddle(first, name, length);
    }
    return Mix(first ^ seed_, last ^ object ^ 0xE7037ED1A0B428DB);
  }
  uint64_t HashMiddle(uint64_t hash, const char* name, size_t length) const;
  void Grow();
  void Forget();

  const uint64_t seed_;
  std::vector<uint64_t> slots_;  // hash with the epoch in the low 16 bits; linear probing
  size_t mask_ = kFirstSlots - 1;
  size_t count_ = 0;
  uint64_t objects_ = 0;
  uint16_t epoch_ = 0;
};

}  // namespace ddb
