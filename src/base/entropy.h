// Entropy: random bytes that nobody can guess: keys of ids, and seeds of what must differ between workers and
// processes. They are the kernel's; a simulation links others in their place, by its seed. Any thread.
#pragma once

#include <cstddef>
#include <cstdint>

namespace ddb {

// Without random bytes no id would be unique, and items would overwrite each other: if the kernel has none,
// the process ends.
void FillWithEntropy(void* out, size_t size);

inline uint32_t EntropySeed() {
  uint32_t seed;
  FillWithEntropy(&seed, sizeof seed);
  return seed;
}

}  // namespace ddb
