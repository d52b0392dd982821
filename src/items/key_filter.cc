#include "items/key_filter.h"

#include <algorithm>

namespace ddb {

KeyFilter::KeyFilter(uint64_t seed) : seed_(seed), slots_(kFirstSlots) {}

uint64_t KeyFilter::HashMiddle(uint64_t hash, const char* name, size_t length) const {
  for (const char* p = name + 8; p < name + length - 8; p += 8) {
    hash = Mix(hash ^ seed_, Load(p) ^ 0x8EBC6AF09C88C6E3);
  }
  return hash;
}

// Growing moves this record's entries only; what stands in the new slots from wider records before has
// another epoch.
void KeyFilter::Grow() {
  std::vector<uint64_t> live;
  live.reserve(count_);
  for (size_t i = 0; i <= mask_; ++i) {
    if (static_cast<uint16_t>(slots_[i]) != epoch_) continue;
    live.push_back(slots_[i]);
    slots_[i] = 0;
  }
  mask_ = mask_ * 4 + 3;
  if (slots_.size() <= mask_) slots_.resize(mask_ + 1);
  for (const uint64_t entry : live) {
    size_t slot = Slot(entry);
    while (static_cast<uint16_t>(slots_[slot]) == epoch_) slot = (slot + 1) & mask_;
    slots_[slot] = entry;
  }
}

void KeyFilter::Forget() {
  std::fill(slots_.begin(), slots_.end(), 0);
  epoch_ = 1;
}

void KeyFilter::Shrink() {
  if (slots_.size() > kKeptSlots) {
    slots_.resize(kKeptSlots);
    slots_.shrink_to_fit();
  }
}

}  // namespace ddb
