#include "pipeline/throttle_texts.h"

#include <fmt/format.h>

namespace ddb {
namespace {

std::string Units(double units) {
  return fmt::format("{:.0f} write unit{} a second", units, units == 1 ? "" : "s");
}

std::string Capacity(double units) {
  return units <= 0 ? "no limit of its write capacity that is known" : Units(units);
}

// What the writes reach, and what helps.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/throttling-diagnosing-workflow.html
struct ThrottleWords {
  Text reason;
  std::string_view limit;  // `{}`: whose, of an index
  std::string_view advice;
};

constexpr std::string_view kMoreUnits = "More write capacity makes it faster, and so does on-demand.";
constexpr std::string_view kMoreIndexUnits =
    "A write needs its units of each index too: more write capacity of this one makes it faster.";
constexpr std::string_view kRaiseMaximum = "A higher maximum, or none, makes it faster.";
constexpr std::string_view kRaiseQuota = "AWS raises it on request (Service Quotas).";
constexpr std::string_view kHotKeys =
    "Either many records fall on few keys, or DynamoDB has yet to split it for so much, which takes minutes.";

constexpr ThrottleWords kWords[] = {
    {kThrottledProvisioned, "its provisioned write capacity", kMoreUnits},
    {kThrottledKeyRange, "what one of its partitions takes (a hot range of keys)", kHotKeys},
    {kThrottledOnDemandMax, "the maximum that is set for its on-demand capacity", kRaiseMaximum},
    {kThrottledAccount, "the AWS account's limit", kRaiseQuota},
    {kThrottledIndexProvisioned, "the provisioned write capacity of {}", kMoreIndexUnits},
    {kThrottledIndexKeyRange, "what one partition of {} takes (a hot range of keys)", kHotKeys},
    {kThrottledIndexOnDemandMax, "the maximum that is set for the on-demand capacity of {}", kRaiseMaximum},
    {kThrottledIndexAccount, "the AWS account's limit for {}", kRaiseQuota},
};

}  // namespace

std::string TableAndStream(const TableTarget& table) {
  return table.stream.name.empty() ? fmt::format("Table {}", table.name)
                                   : fmt::format("Table {} of stream {}", table.name, table.stream.Display());
}

LimitLine WriteLimitText(const TableTarget& table, const WriteLimit& limit, double cap) {
  if (cap > 0) {
    return {LogLevel::kInfo, fmt::format("{} is sent at most {:.6g} write unit{} a second.",
                                         TableAndStream(table), cap, cap == 1 ? "" : "s")};
  }
  return {LogLevel::kWarn,
          fmt::format("{} has no maximum of write units, so that {:.6g} % of it is no limit: it is sent what "
                      "it takes. Give the limit in units, or the table a maximum.",
                      TableAndStream(table), limit.percent)};
}

std::string CapacityChangedText(const TableTarget& table, double before, double after) {
  return fmt::format("{} has {} now; before: {}.", TableAndStream(table), Capacity(after), Capacity(before));
}

std::string ThrottledText(const TableTarget& table, const ThrottleReason& cause, double units) {
  for (const ThrottleWords& words : kWords) {
    if (words.reason != cause.reason) continue;
    const std::string index = cause.index.empty() ? "one of its indexes" : "its index " + cause.index;
    const bool has_units = units > 0 && words.reason == kThrottledProvisioned;
    return fmt::format("{} is throttled: its writes reach {}{}. {} It is sent what it takes.",
                       TableAndStream(table), fmt::format(fmt::runtime(words.limit), index),
                       has_units ? ", " + Units(units) : std::string(), words.advice);
  }
  if (cause.known()) {
    return fmt::format("{} is throttled ({}). It is sent what it takes.", TableAndStream(table),
                       cause.reason);
  }
  return fmt::format(
      "{} is throttled: some of its writes are refused for now, and no reply says for which limit. It is "
      "sent "
      "what it takes.",
      TableAndStream(table));
}

std::string ThrottledNoMoreText(const TableTarget& table, Duration lasted) {
  return fmt::format("{} is throttled no more, after {} s.", TableAndStream(table), WholeSeconds(lasted));
}

}  // namespace ddb
