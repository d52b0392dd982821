#include "pipeline/flow_report.h"

#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "base/text.h"
#include "delivery/table_errors.h"
#include "pipeline/throttle_texts.h"

namespace ddb {
namespace {

constexpr double kOfNote = 0.01;  // by how much a write may count more than its size

std::string BoundText(const WriteGate::Look& gate) {
  std::string text = "no bound of what the table takes is known";
  if (gate.rate > 0) text = fmt::format("bound {:.6g} write units a second", gate.rate);
  if (gate.dark) {
    text += ", as it takes nothing: one item is tried now and then";
  } else if (gate.limits) {
    text += ", which holds items back";
  }
  if (gate.cap > 0) text += fmt::format(", write limit {:.6g}", gate.cap);
  if (std::abs(gate.factor - 1) > kOfNote)
    text += fmt::format(", a write counts {:.3g} times its size", gate.factor);
  return text;
}

// DynamoDB's own words say that all came back, which is one case of several here.
std::string CauseText(const Fault& fault) {
  return fault.fault == ReplyFault::kUnprocessed ? "items came back as unprocessed" : FaultWords(fault);
}

}  // namespace

std::vector<std::string> FlowReport::Look(const FlowControl& flow, size_t requests, Instant now) {
  std::vector<std::string> texts;
  if (last_ && now - *last_ < kApart) return texts;
  last_ = now;
  const size_t all = tables_.size();
  const size_t first = next_;
  for (size_t i = 0; i < all && texts.size() < kTablesAtOnce; ++i) {
    const TableNo table((first + i) % all);
    TableFlow of{.gate = flow.gate(table).LookAt(now),
                 .waiting = flow.clock(table).waiting(),
                 .in_flight = flow.in_flight(table),
                 .in_vain = flow.trouble(table).InVain()};
    Told moved{.waiting = of.waiting, .units = flow.gate(table).spent().units};
    for (const FaultCounts::Kind& kind : of.in_vain) moved.in_vain += kind.replies;
    if (std::exchange(told_[table], moved) == moved) continue;
    texts.push_back(TableFlowText(tables_[table], of));
    next_ = (first + i + 1) % all;
  }
  if (!texts.empty()) texts.insert(texts.begin(), LineText(flow.LookAtPath(), requests));
  return texts;
}

std::string LineText(const FlowControl::Path& path, size_t requests) {
  return fmt::format("In flight: {} with {}, of a window of {}; a request of several items has at most {}.",
                     Counted(requests, "request"), Counted(path.in_flight, "byte"), path.window,
                     path.body_limit);
}

std::string TableFlowText(const TableTarget& table, const TableFlow& flow) {
  std::string text =
      fmt::format("{}: {} not stored yet, {} in flight; {}", TableAndStream(table),
                  Counted(flow.waiting, "item"), Counted(flow.in_flight, "byte"), BoundText(flow.gate));
  std::string_view before = "; replies that did not store all: ";
  for (const FaultCounts::Kind& kind : flow.in_vain) {
    text += fmt::format("{}{} ({})", before, kind.replies, CauseText(kind.last));
    before = ", ";
  }
  return text + ".";
}

}  // namespace ddb
