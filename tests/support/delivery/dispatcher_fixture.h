// The fixture around a Dispatcher on a real loop, with a client that answers as the test says. Test support.
#pragma once

#include <string>
#include <utility>

#include "delivery/dispatcher.h"
#include "support/delivery/delivery_fixture.h"
#include "support/delivery/fake_client.h"

namespace ddb {

inline Verdict VerdictOf(Reaction reaction, ErrorCode code = ErrorCode::kOther) {
  Verdict verdict;
  verdict.reaction = reaction;
  verdict.code = code;
  verdict.status = 400;
  verdict.reason = "a reason of our own";
  return verdict;
}

class DispatcherTest : public DeliveryTest {
 protected:
  using DeliveryTest::DeliveryTest;

  // Records with these keys, in batches of 25, all before one STATE of their stream.
  void Give(TableNo table, int count, const std::string& prefix) {
    RecordGroup* group = Register(table, count, prefix);
    for (int i = 0; i < count; ++i)
      GiveItem(table, group, FakeClient::BareItemOf(prefix + std::to_string(i)));
    batcher_.SealAll();
  }
  void GiveItem(TableNo table, RecordGroup* group, std::string_view bytes, bool is_changed = false) {
    Batch& batch = batcher_.Open(table, clock_.Now());
    const size_t mark = batcher_.BeginItem(batch);
    batch.body.Append(bytes);
    batcher_.EndItem(table, mark, {.group = group, .letter = nullptr, .is_changed = is_changed});
  }
  // Runs the loop until nothing is left to do (or the run failed and nothing is in flight), at most 60 s.
  void RunUntilIdle() {
    EventLoop::Timer limit(loop_);
    limit.Start(RealClock().Now() + seconds(60), [this] { loop_.Stop(); });
    stop_when_idle_ = true;
    if (!dispatcher_.idle()) loop_.Run();
    EXPECT_TRUE(dispatcher_.idle());
  }
  // Of the memory budget, without what is kept only to be used again.
  size_t Charged() {
    batcher_.DropSpares();
    return budget_.used();
  }
  void ExpectExactlyStored(int count, const std::string& prefix) {
    for (int i = 0; i < count; ++i) EXPECT_EQ(client_.stored[prefix + std::to_string(i)], 1) << i;
  }

  EventLoop loop_;
  FakeClient client_{loop_};
  bool stop_when_idle_ = false;
  Batcher batcher_{tables_, budget_, [this](BatchPtr batch) { dispatcher_.Enqueue(std::move(batch)); }};
  Settlement settlement_{run_, progress_};
  LoopAlarm alarm_{loop_};
  Dispatcher dispatcher_{client_, alarm_, batcher_, settlement_, run_, {4, 1234}, progress_, [this] {
                           if (stop_when_idle_ && dispatcher_.idle()) loop_.Stop();
                         }};
};

}  // namespace ddb
