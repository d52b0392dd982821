#include "config/write_limits.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "config/pairs.h"
#include "config/schema.h"

namespace ddb {
namespace {

constexpr int64_t kMostUnits = 10'000'000;

// "500" or "25%".
std::optional<TableWriteLimit> LimitOf(std::string_view text) {
  const bool is_percent = text.ends_with('%');
  if (is_percent) text.remove_suffix(1);
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (number < 1 || number > (is_percent ? 100 : kMostUnits)) return std::nullopt;
  TableWriteLimit limit;
  (is_percent ? limit.percent : limit.units) = number;
  return limit;
}

// "users=100, public.orders=25%".
Status ReadStreams(std::string_view rest, Config& out) {
  constexpr const char* kKey = "stream_write_limits";
  while (!rest.empty()) {
    const TextPair pair = TakePair(rest, /*at_last=*/true);
    const std::string& stream = pair.name;
    const auto limit = pair.has_equals ? LimitOf(pair.value) : std::nullopt;
    if (stream.empty() || !limit)
      return FieldError(
          kKey,
          "must be streams with their limits, as in users=100, public.orders=25%: write units a "
          "second, or 1 to 100 percent of the table's");
    const auto same = [&stream](const auto& other) { return other.first == stream; };
    if (std::ranges::any_of(out.write_limits, same)) return FieldError(kKey, "has a stream twice");
    out.write_limits.emplace_back(stream, *limit);
  }
  return Ok();
}

}  // namespace

Status ReadWriteLimits(std::string_view all, std::string_view streams, Config& out) {
  if (!all.empty()) {
    const std::optional<TableWriteLimit> limit = LimitOf(all);
    if (!limit) return FieldError("write_limit", "must be from 1 to 10000000 units, or from 1% to 100%");
    out.write_limit = *limit;
  }
  return ReadStreams(streams, out);
}

}  // namespace ddb
