#include "base/entropy.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

namespace ddb {

void FillWithEntropy(void* out, size_t size) {
  char* to = static_cast<char*>(out);
  while (size > 0) {
    const ssize_t got = getrandom(to, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) std::abort();
    to += got;
    size -= static_cast<size_t>(got);
  }
}

}  // namespace ddb
