// RunContext: what the workers of one run share for delivery, and what they read only. Made by the run before
// its workers start; it outlives them. What may be called from where is each part's matter.
#pragma once

#include "base/clock.h"
#include "base/memory_budget.h"
#include "delivery/batch.h"
#include "delivery/checkpoint_ledger.h"
#include "delivery/flow_control.h"
#include "delivery/refusal_storms.h"
#include "delivery/rejections.h"
#include "delivery/run_plan.h"
#include "delivery/run_state.h"
#include "dynamodb/error_messages.h"

namespace ddb {

struct RunContext {
  const RunPlan& plan;
  const Clock& clock;
  const TableTargets& tables;
  FlowControl& flow;
  CheckpointLedger& ledger;
  MemoryBudget& budget;
  RunState& state;
  Rejections& rejections;
  RefusalStorms& storms;
  Instant started;               // the tables were ready
  const EndpointText& endpoint;  // for errors

  const TableTarget& TargetOf(StreamNo stream) const { return tables[plan.streams[stream].table]; }
};

}  // namespace ddb
