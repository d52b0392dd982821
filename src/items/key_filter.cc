#include "items/key_filter.h"

#include <algorithm>

namespace ddb {

KeyFilter::KeyFilter(uint64_t seed) : seed_(seed), hashes_(kMaxNames), limit_(hashes_.data() + kMaxNames) {}

uint64_t KeyFilter::HashMiddle(uint64_t hash, const char* name, size_t length) const {
  for (const char* p = name + 8; p < name + length - 8; p += 8) {
    hash = Mix(hash ^ seed_, Load(p) ^ 0x8EBC6AF09C88C6E3);
  }
  return hash;
}

bool KeyFilter::LookThrough(const Object& object, const uint64_t* names) {
  if (HasEqual(object.begin, static_cast<size_t>(names - object.begin))) return false;
  known_[object.sum % kKnown] = object.sum;
  return true;
}

bool KeyFilter::HasEqual(const uint64_t* hashes, size_t count) {
  constexpr size_t kFew = 24;
  if (count <= kFew) {
    for (size_t i = 1; i < count; ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (hashes[i] == hashes[j]) return true;
      }
    }
    return false;
  }
  sorted_.assign(hashes, hashes + count);
  std::sort(sorted_.begin(), sorted_.end());
  const bool equal = std::adjacent_find(sorted_.begin(), sorted_.end()) != sorted_.end();
  if (sorted_.capacity() > kKeptNames) std::vector<uint64_t>().swap(sorted_);
  return equal;
}

}  // namespace ddb
