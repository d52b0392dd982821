#include "airbyte/written_names.h"

#include <cstddef>

#include "base/text.h"

namespace ddb {
namespace {

constexpr size_t kMostOfAName = 16;  // CONNECTIONSTATUS

}  // namespace

std::string Letters(std::string_view name) {
  std::string letters;
  for (const char c : name) {
    if (IsAlnum(c)) letters.push_back(ToUpper(c));
    if (letters.size() > kMostOfAName) break;
  }
  return letters;
}

}  // namespace ddb
