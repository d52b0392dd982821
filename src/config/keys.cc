#include "config/keys.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/text.h"

namespace ddb {
namespace {

constexpr size_t kMaxSlipBytes = 64;  // a longer name is none of ours with a slip

// Letters and digits alone, in small letters: dynamodbEndpoint and DYNAMODB-ENDPOINT are one.
std::string Bare(std::string_view key) {
  std::string bare;
  for (const char c : key) {
    if (IsAlnum(c)) bare.push_back(ToLower(c));
  }
  return bare;
}

// How many letters are to be added, taken away, changed, or exchanged with their neighbour.
size_t Distance(std::string_view a, std::string_view b) {
  std::vector<size_t> before;  // two letters of `a` ago
  std::vector<size_t> last(b.size() + 1);
  std::iota(last.begin(), last.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    std::vector<size_t> row(b.size() + 1, i);
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t changed = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, changed});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    before = std::exchange(last, std::move(row));
  }
  return last.back();
}

// The words that say alone where requests go and what tables are called, whatever stands around them.
constexpr std::pair<std::string_view, std::string_view> kTelling[] = {
    {"endpoint", "dynamodb_endpoint"}, {"url", "dynamodb_endpoint"},
    {"host", "dynamodb_endpoint"},     {"server", "dynamodb_endpoint"},
    {"region", "dynamodb_region"},     {"prefix", "dynamodb_table_name_prefix"}};

bool Resembles(const std::string& key, std::string_view known) {
  constexpr size_t kPart = 6;  // letters that say enough alone
  const std::string bare = Bare(known);
  const size_t slips = std::clamp<size_t>(bare.size() / 5, 1, 3);
  if (Distance(key, bare) <= slips) return true;
  if (key.find(bare) != std::string::npos) return true;
  if (key.size() >= kPart && bare.find(key) != std::string::npos) return true;
  return std::any_of(std::begin(kTelling), std::end(kTelling), [&](const auto& telling) {
    return telling.second == known && key.find(telling.first) != std::string::npos;
  });
}

}  // namespace

std::string_view MeantKey(std::string_view key, const std::vector<std::string_view>& known) {
  if (key.size() > kMaxSlipBytes) return {};
  const std::string bare = Bare(key);
  std::string_view nearest;
  for (const std::string_view each : known) {
    if (!Resembles(bare, each)) continue;
    if (nearest.empty() || Distance(bare, Bare(each)) < Distance(bare, Bare(nearest))) nearest = each;
  }
  return nearest;
}

}  // namespace ddb
