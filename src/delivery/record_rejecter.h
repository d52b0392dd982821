// RecordRejecter: takes a record that DynamoDB will never hold through the user's policy, whoever refused it:
// the encoder (the worker calls) or the engine (the dispatcher calls). One per worker; its thread only.
#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "delivery/batcher.h"
#include "delivery/progress.h"
#include "delivery/rejections.h"
#include "delivery/run_state.h"
#include "items/uuid.h"

namespace ddb {

class RecordRejecter {
 public:
  RecordRejecter(const Clock& clock, const std::vector<TableTarget>& tables, Rejections& rejections,
                 RunState& state, Batcher& batcher, Progress& progress);

  struct Refused {
    int stream = 0;
    std::string_view reason;  // a literal
    std::string_view where;   // " in line 12 of the input", or ""
    std::string_view format;  // of `record`, see items/dead_letter
    std::string_view record;
    RecordGroup* group = nullptr;  // the record is outstanding in it
  };
  enum class Outcome {
    kFailed,   // the run fails; the record stays outstanding
    kSettled,  // counted: the caller credits it as rejected
    kLetter,   // on its way into the dead letter table, settled when it is stored there
  };
  Outcome Reject(const Refused& refused, Instant now);

 private:
  void WriteLetter(const Refused& refused, bool settles, Instant now);

  const Clock& clock_;
  const std::vector<TableTarget>& tables_;
  Rejections& rejections_;
  RunState& state_;
  Batcher& batcher_;
  Progress& progress_;
  UuidSource uuids_;
};

}  // namespace ddb
