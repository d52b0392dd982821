#include "pipeline/capacity_watch.h"

#include <algorithm>
#include <utility>

#include "dynamodb/requests.h"
#include "dynamodb/responses.h"

namespace ddb {

double DescribedUnits(const TableDescription& table) {
  return static_cast<double>(table.settings.capacity.write_units.value_or(0));
}

CapacityWatch::CapacityWatch(const TableTargets& tables, FlowControl& flow, const Clock& clock,
                             EventLoop& loop, const ClientFactory& make_client, bool enforced)
    : tables_(tables),
      flow_(flow),
      clock_(clock),
      loop_(loop),
      make_client_(make_client),
      enforced_(enforced),
      looked_(tables.size()) {}

void CapacityWatch::Describe(TableNo table, const TableDescription& description) {
  looked_[table].units = DescribedUnits(description);
  flow_.gate(table).Describe({looked_[table].units, enforced_}, clock_.Now());
}

void CapacityWatch::Tick(Instant now) {
  size_t place = 0;
  const size_t begin = next_;
  for (size_t i = 0; i < tables_.size(); ++i) {
    while (place < kAtOnce && places_[place].taken) ++place;
    if (place == kAtOnce) return;
    const TableNo table((begin + i) % tables_.size());
    const Looked& looked = looked_[table];
    if (looked.under_way || now < looked.due || !flow_.gate(table).LimitedLately(now)) continue;
    Look(table, place);
    next_ = table.value() + 1;
  }
}

void CapacityWatch::Look(TableNo table, size_t place) {
  if (!client_) client_ = make_client_(loop_);
  Place& of = places_[place];
  of.taken = looked_[table].under_way = true;
  of.body.Clear();
  of.body.Append(TableNameBody(tables_[table].name));
  client_->Send("DescribeTable", of.body,
                [this, table, place](const Reply& reply) { OnReply(table, place, reply); });
}

void CapacityWatch::OnReply(TableNo table, size_t place, const Reply& reply) {
  places_[place].taken = false;
  Looked& looked = looked_[table];
  looked.under_way = false;
  if (reply.verdict.transport == TransportError::kCancelled) return;  // the run is over
  std::optional<TableDescription> description;
  if (reply.verdict.ok()) description = ReadTableDescription(reply.body);
  const bool is_there = description && (description->status == TableStatus::kActive ||
                                        description->status == TableStatus::kUpdating);
  looked.apart = is_there ? kApart : std::min(kLongestApart, 2 * looked.apart);
  looked.due = clock_.Now() + looked.apart;
  if (is_there) Learn(table, *description);
}

void CapacityWatch::Learn(TableNo table, const TableDescription& description) {
  const double before = looked_[table].units;
  Describe(table, description);
  if (looked_[table].units != before) changes_.push_back({table, before, looked_[table].units});
}

std::vector<CapacityWatch::Change> CapacityWatch::TakeChanges() { return std::exchange(changes_, {}); }

}  // namespace ddb
