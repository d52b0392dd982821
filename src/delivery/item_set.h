// ItemSet: some of the items of one batch, by their place in it. Value; any thread.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "dynamodb/limits.h"

namespace ddb {

class ItemSet {
 public:
  static constexpr size_t kMost = 32;  // items of a batch
  static_assert(kMaxBatchItems <= kMost);

  constexpr ItemSet() = default;
  // The first `n`, 0 to kMost.
  static constexpr ItemSet First(size_t n) { return ItemSet(static_cast<uint32_t>((uint64_t{1} << n) - 1)); }
  static constexpr ItemSet Only(size_t at) { return ItemSet(uint32_t{1} << at); }

  constexpr void Add(size_t at) { bits_ |= uint32_t{1} << at; }
  constexpr bool Has(size_t at) const { return (bits_ >> at & 1) != 0; }
  constexpr ItemSet Without(ItemSet other) const { return ItemSet(bits_ & ~other.bits_); }
  constexpr size_t size() const { return static_cast<size_t>(std::popcount(bits_)); }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool operator==(const ItemSet&) const = default;

  // The places, in order: for (const size_t at : items).
  class Iterator {
   public:
    constexpr explicit Iterator(uint32_t bits) : bits_(bits) {}
    constexpr size_t operator*() const { return static_cast<size_t>(std::countr_zero(bits_)); }
    constexpr Iterator& operator++() {
      bits_ &= bits_ - 1;
      return *this;
    }
    constexpr bool operator==(const Iterator&) const = default;

   private:
    uint32_t bits_;
  };
  constexpr Iterator begin() const { return Iterator(bits_); }
  constexpr Iterator end() const { return Iterator(0); }

 private:
  constexpr explicit ItemSet(uint32_t bits) : bits_(bits) {}
  uint32_t bits_ = 0;
};

}  // namespace ddb
