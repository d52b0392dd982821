// The send queue by itself: no loop, no verdict, and time is what the test says.
#include "delivery/send_queue.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/delivery/held_client.h"

namespace ddb {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Instant kNow{std::chrono::hours(1)};
constexpr TableNo kOne{0};
constexpr TableNo kTwo{1};
constexpr TableNo kLetters{2};

class SendQueueTest : public ::testing::Test {
 protected:
  explicit SendQueueTest(size_t tables = 2, size_t max_requests = 4,
                         std::optional<TableNo> dead_letters = std::nullopt)
      : flow_(1, tables),
        queue_(
            client_, flow_, {max_requests, dead_letters},
            [this](BatchPtr batch, const Reply&) {
              queue_.Learn(*batch, told_.value_or(SendQueue::Told{.stored = batch->units}), kNow);
              answered_.push_back(std::move(batch));
            },
            [](BatchPtr batch, size_t) { return std::pair(std::move(batch), BatchPtr()); }) {}

  BatchPtr Make(TableNo table, const std::string& body, size_t items = 1) {
    auto batch = std::make_unique<Batch>();
    batch->table = table;
    batch->body.Append(body);
    batch->items.resize(items);
    batch->units = static_cast<uint32_t>(items);
    batch->charge = Charge(budget_, body.size());
    return batch;
  }
  void AddAll(TableNo table, const std::vector<std::string>& bodies) {
    for (const std::string& body : bodies) queue_.Add(Make(table, body));
  }
  void Answer() {
    client_.Answer();
    queue_.Pump(kNow);
  }

  MemoryBudget budget_{1 << 20};
  HeldClient client_;
  FlowControl flow_;
  std::vector<BatchPtr> answered_;
  std::optional<SendQueue::Told> told_;  // of every answer; absent: all is stored
  SendQueue queue_;
};

TEST_F(SendQueueTest, TablesTakeTurnsAndEachKeepsItsOrder) {
  AddAll(kOne, {"a1", "a2", "a3"});
  AddAll(kTwo, {"b1", "b2"});
  EXPECT_EQ(client_.Bodies(), "") << "nothing is sent before the end of the turn";
  queue_.Pump(kNow);
  EXPECT_EQ(client_.Bodies(), "a1 b1 a2 b2");
  Answer();
  EXPECT_EQ(client_.Bodies(), "b1 a2 b2 a3");
  ASSERT_EQ(answered_.size(), 1u);
  EXPECT_EQ(answered_[0]->body.view(), "a1");
  while (queue_.in_flight() > 0) Answer();
  EXPECT_TRUE(queue_.idle());
}

TEST_F(SendQueueTest, AProbeLeavesAtOnceWhateverTheTableTakes) {
  flow_.gate(kOne).Describe({1, true}, kNow);
  flow_.gate(kOne).OnReply({kNow, 0, 0, 1, 1, {}}, kNow);  // it is empty
  AddAll(kOne, {"a1", "a2"});
  queue_.Pump(kNow);
  EXPECT_EQ(client_.Bodies(), "");
  BatchPtr probe = Make(kOne, "probe");
  probe->is_probe = true;
  queue_.AddProbe(std::move(probe));
  queue_.Pump(kNow);
  EXPECT_EQ(client_.Bodies(), "probe");
  EXPECT_EQ(queue_.FailTable(kOne).size(), 2u);
}

TEST_F(SendQueueTest, AProbeThatHasNotLeftIsTakenWithItsTable) {
  queue_.AddProbe(Make(kOne, "probe"));
  EXPECT_EQ(queue_.FailTable(kOne).size(), 1u);
  EXPECT_EQ(queue_.unsent_bytes() + queue_.held_back_bytes(), 0u);
}

TEST_F(SendQueueTest, WhatIsSentAgainIsHeldBackByTheLimitToo) {
  flow_.gate(kOne).Limit({.units = 1});
  AddAll(kOne, {"a1"});
  queue_.Pump(kNow);
  client_.Answer();
  answered_.back()->attempts = 1;
  queue_.AddRetry(std::move(answered_.back()), kNow);
  queue_.Wake(kNow);
  queue_.Pump(kNow);
  EXPECT_EQ(client_.Bodies(), "") << "the limit of this second is used up";
}

TEST_F(SendQueueTest, WhatIsDueAtOnceEntersInTheOrderOfItsTime) {
  queue_.AddRetry(Make(kOne, "third"), kNow + milliseconds(3));
  queue_.AddRetry(Make(kOne, "first"), kNow + milliseconds(1));
  queue_.AddRetry(Make(kTwo, "b"), kNow + milliseconds(2));
  queue_.AddRetry(Make(kOne, "second"), kNow + milliseconds(2));
  queue_.Add(Make(kOne, "new"));
  queue_.Wake(kNow + seconds(1));
  queue_.Pump(kNow + seconds(1));
  while (queue_.in_flight() > 0) Answer();
  std::string order;
  for (const BatchPtr& batch : answered_) {
    if (batch->table == kOne) order.append(batch->body.view()).append(" ");
  }
  EXPECT_EQ(order, "first second third new ");
}

TEST_F(SendQueueTest, OneOfSeveralTablesGetsThreeQuartersOfTheWindow) {
  AddAll(kOne, {"a1", "a2", "a3", "a4", "a5"});
  queue_.Pump(kNow);
  EXPECT_EQ(client_.Bodies(), "a1 a2 a3");
  queue_.Add(Make(kTwo, "b1"));
  queue_.Pump(kNow);
  EXPECT_EQ(client_.Bodies(), "a1 a2 a3 b1");
  Answer();  // what was held back by its share has its turn again
  EXPECT_EQ(client_.Bodies(), "a2 a3 b1 a4");
}

class OneTableQueueTest : public SendQueueTest {
 protected:
  OneTableQueueTest() : SendQueueTest(1) {}
};

TEST_F(OneTableQueueTest, TheOnlyTableHasAllOfIt) {
  AddAll(kOne, {"a1", "a2", "a3", "a4", "a5"});
  queue_.Pump(kNow);
  EXPECT_EQ(client_.Bodies(), "a1 a2 a3 a4");
}

class LettersQueueTest : public SendQueueTest {
 protected:
  LettersQueueTest() : SendQueueTest(2, 4, TableNo(1)) {}
};

TEST_F(LettersQueueTest, DeadLettersCostTheOnlyTableNoShare) {
  AddAll(kOne, {"a1", "a2", "a3", "a4", "a5"});
  queue_.Pump(kNow);
  EXPECT_EQ(client_.Bodies(), "a1 a2 a3 a4");
  AddAll(TableNo(1), {"d1"});
  queue_.Pump(kNow);
  Answer();
  EXPECT_EQ(client_.Bodies(), "a2 a3 a4 a5");
  Answer();
  EXPECT_EQ(client_.Bodies(), "a3 a4 a5 d1") << "dead letters have their turn";
}

TEST_F(LettersQueueTest, DeadLettersThemselvesLeaveAShare) {
  AddAll(TableNo(1), {"d1", "d2", "d3", "d4"});
  queue_.Pump(kNow);
  EXPECT_EQ(client_.Bodies(), "d1 d2 d3");
}

class ThreeTablesQueueTest : public SendQueueTest {
 protected:
  ThreeTablesQueueTest() : SendQueueTest(3, 4, kLetters) {}
};

TEST_F(ThreeTablesQueueTest, TwoTablesShareAsWithoutDeadLetters) {
  AddAll(kOne, {"a1", "a2", "a3", "a4"});
  queue_.Pump(kNow);
  EXPECT_EQ(client_.Bodies(), "a1 a2 a3");
}

TEST_F(SendQueueTest, OneRequestIsAlwaysInFlightHoweverLarge) {
  const std::string large(FillBound::kLeastBytes + 1, 'x');
  AddAll(kOne, {large, "a2"});
  queue_.Pump(kNow);
  EXPECT_EQ(client_.sent.size(), 1u);
  Answer();
  EXPECT_EQ(client_.Bodies(), "a2");
}

TEST_F(SendQueueTest, BytesOfAnAnsweredRequestAreInFlightNoMore) {
  const std::string large(FillBound::kLeastBytes + 1, 'x');
  AddAll(kOne, {large, large, large});
  queue_.Pump(kNow);
  for (int i = 0; i < 3; ++i) Answer();
  AddAll(kOne, {"a1", "a2"});
  queue_.Pump(kNow);
  EXPECT_EQ(client_.Bodies(), "a1 a2");
}

TEST_F(OneTableQueueTest, WhatTheLineDoesNotHoldWaitsAndIsLookedAtSoon) {
  const std::string body(PathBound::kFirstWindow * 3 / 4, 'x');
  AddAll(kOne, {body, body, body});
  queue_.Pump(kNow);
  EXPECT_EQ(client_.sent.size(), 2u);
  ASSERT_TRUE(queue_.WakeAt(kNow)) << "another worker's reply may make room";
  EXPECT_LE(*queue_.WakeAt(kNow), kNow + milliseconds(100));
  Answer();
  EXPECT_EQ(client_.sent.size(), 2u);
  EXPECT_EQ(queue_.WakeAt(kNow), std::nullopt);
}

TEST_F(OneTableQueueTest, WorkersShareTheLineAndEachHasARequest) {
  const std::string body(PathBound::kFirstWindow, 'x');
  const PathBound::Ticket other = flow_.Send(kOne, body.size(), kNow);
  AddAll(kOne, {body, body});
  queue_.Pump(kNow);
  EXPECT_EQ(client_.sent.size(), 1u);
  flow_.OnEnd(kOne, other, PathBound::Outcome::kAnswered, kNow + milliseconds(1));
  queue_.Pump(kNow + milliseconds(1));
  EXPECT_EQ(client_.sent.size(), 2u);
}

TEST_F(SendQueueTest, OneOfSeveralTablesGetsThreeQuartersOfTheLine) {
  const std::string body(PathBound::kFirstWindow * 4 / 5, 'x');
  AddAll(kOne, {body, body});
  queue_.Pump(kNow);
  EXPECT_EQ(client_.sent.size(), 1u);
  AddAll(kTwo, {"b1"});
  queue_.Pump(kNow);
  EXPECT_EQ(client_.sent.size(), 2u);
}

TEST_F(SendQueueTest, ATableThatDoesNotAnswerHoldsUpAnotherOneForASecond) {
  const std::string body(PathBound::kFirstWindow, 'x');
  AddAll(kOne, {body, body});
  queue_.Pump(kNow);
  AddAll(kTwo, {"b1", "b2"});
  queue_.Pump(kNow + milliseconds(999));
  EXPECT_EQ(client_.sent.size(), 1u);
  queue_.Wake(kNow + seconds(1));
  queue_.Pump(kNow + seconds(1));
  ASSERT_EQ(client_.sent.size(), 2u);
  EXPECT_EQ(client_.sent[1].first, "b1");
}

TEST_F(SendQueueTest, ARetryComesWhenItIsDueBeforeWhatWaits) {
  queue_.AddRetry(Make(kOne, "late"), kNow + seconds(2));
  queue_.AddRetry(Make(kOne, "soon"), kNow + seconds(1));
  queue_.Pump(kNow);
  EXPECT_EQ(client_.Bodies(), "");
  EXPECT_FALSE(queue_.idle());
  EXPECT_EQ(queue_.unsent_bytes(), 8u);
  EXPECT_EQ(queue_.WakeAt(kNow), kNow + seconds(1));
  queue_.Wake(kNow + milliseconds(999));
  queue_.Pump(kNow);
  EXPECT_EQ(client_.Bodies(), "");
  queue_.Add(Make(kOne, "new"));
  queue_.Wake(kNow + seconds(1));
  queue_.Pump(kNow);
  EXPECT_EQ(client_.Bodies(), "soon new");
  queue_.Wake(kNow + seconds(2));
  queue_.Pump(kNow);
  EXPECT_EQ(client_.Bodies(), "soon new late");
  EXPECT_EQ(queue_.WakeAt(kNow), std::nullopt);
  EXPECT_EQ(queue_.unsent_bytes(), 0u);
}

TEST_F(SendQueueTest, WhatIsToGoFirstGoesBeforeWhatWaits) {
  AddAll(kOne, {"a1", "a2"});
  queue_.AddFirst(Make(kOne, "first"));
  queue_.Pump(kNow);
  EXPECT_EQ(client_.Bodies(), "first a1 a2");
}

TEST_F(SendQueueTest, ATableThatIsHeldBackIsAskedForAgain) {
  // Another worker has as much in flight as may be to a table of which nothing is known.
  const WriteGate::Answer other = flow_.gate(kOne).TrySend({1, 50, kNow}, kNow);
  ASSERT_TRUE(other.units);
  AddAll(kOne, {"a1"});
  AddAll(kTwo, {"b1"});
  queue_.Pump(kNow);
  EXPECT_EQ(client_.Bodies(), "b1");
  ASSERT_TRUE(queue_.WakeAt(kNow));
  EXPECT_LE(*queue_.WakeAt(kNow), kNow + milliseconds(100));
  flow_.gate(kOne).OnReply({kNow, *other.units, 50, 0, 50, {}}, kNow);
  const Instant later = *queue_.WakeAt(kNow);
  queue_.Pump(later);
  EXPECT_EQ(client_.Bodies(), "b1") << "not before it is woken";
  queue_.Wake(later);
  queue_.Pump(later);
  EXPECT_EQ(client_.Bodies(), "b1 a1");
  EXPECT_EQ(queue_.WakeAt(later), std::nullopt);
}

// A table of 100 units a second that has just refused something.
class ThrottledQueueTest : public SendQueueTest {
 protected:
  ThrottledQueueTest() {
    WriteGate& gate = flow_.gate(kOne);
    gate.Describe({.units = 100, .certain = true}, kNow - seconds(1));
    const WriteGate::Answer answer = gate.TrySend({1, 10, kNow}, kNow);
    gate.OnReply({kNow, *answer.units, 5, 5, 10, {}}, kNow);
  }
  BatchPtr Old(const std::string& body, Duration age) {
    BatchPtr batch = Make(kOne, body);
    batch->opened = kNow - age;
    return batch;
  }
  // What leaves, one by one.
  std::string Order(Duration time) {
    for (Instant now = kNow; now < kNow + time; now += milliseconds(10)) {
      queue_.Wake(now);
      queue_.Pump(now);
    }
    return client_.Bodies();
  }
};

TEST_F(ThrottledQueueTest, WhatWasRefusedGoesBeforeAnythingNewAndTheOldestFirst) {
  queue_.Add(Old("new1", seconds(1)));
  queue_.AddAgain(Old("b", seconds(5)));
  queue_.AddAgain(Old("c", seconds(4)));
  queue_.AddAgain(Old("a", seconds(6)));
  EXPECT_EQ(Order(seconds(1)), "a b c") << "three connections of four";
  EXPECT_EQ(queue_.held_back_bytes(), 4u);
}

TEST_F(ThrottledQueueTest, WhatWaitsForItIsNoneOfTheOthersBusiness) {
  for (int i = 0; i < 20; ++i) queue_.Add(Make(kOne, "12345", 25));
  queue_.Add(Make(kTwo, "b1"));
  queue_.Pump(kNow);
  EXPECT_EQ(client_.Bodies(), "b1");
  EXPECT_EQ(queue_.unsent_bytes(), 0u);
  EXPECT_EQ(queue_.held_back_bytes(), 100u);
  (void)queue_.FailTable(kOne);
  EXPECT_EQ(queue_.held_back_bytes(), 0u);
}

TEST_F(ThrottledQueueTest, ItSaysWhenItIsToBeAskedAgain) {
  queue_.Add(Make(kOne, "a", 25));
  queue_.Pump(kNow);
  EXPECT_EQ(client_.Bodies(), "");
  const std::optional<Instant> at = queue_.WakeAt(kNow);
  ASSERT_TRUE(at);
  EXPECT_GT(*at, kNow + milliseconds(200));
  queue_.Wake(*at);
  queue_.Pump(*at);
  EXPECT_EQ(client_.Bodies(), "a");
}

TEST_F(SendQueueTest, AFailedTableGivesBackWhatWaitsItsRetriesToo) {
  AddAll(kOne, {"a1", "a2", "a3", "a4"});
  queue_.Pump(kNow);
  ASSERT_EQ(client_.Bodies(), "a1 a2 a3");
  queue_.AddRetry(Make(kOne, "again"), kNow + seconds(20));
  queue_.AddRetry(Make(kTwo, "b9"), kNow + seconds(3));
  queue_.AddRetry(Make(kOne, "and again"), kNow + seconds(1));
  queue_.AddRetry(Make(kTwo, "b8"), kNow + seconds(2));
  std::string given_back;
  for (const BatchPtr& batch : queue_.FailTable(kOne)) given_back += std::string(batch->body.view()) + ";";
  EXPECT_EQ(given_back.size(), std::string("a4;again;and again;").size()) << given_back;
  EXPECT_TRUE(queue_.has_failed(kOne));
  EXPECT_FALSE(queue_.has_failed(kTwo));
  EXPECT_EQ(queue_.unsent_bytes(), 4u) << "the other table's retries";
  EXPECT_EQ(queue_.WakeAt(kNow), kNow + seconds(2)) << "what is left is in order";
  while (queue_.in_flight() > 0) Answer();
  EXPECT_EQ(answered_.size(), 3u) << "what was in flight is answered";
  for (const Duration later : {seconds(2), seconds(3)}) {
    queue_.Wake(kNow + later);
    queue_.Pump(kNow);
  }
  EXPECT_EQ(client_.Bodies(), "b8 b9");
}

TEST_F(SendQueueTest, WhatEndsWithTheClientIsNotAnswered) {
  AddAll(kOne, {"a1"});
  queue_.Pump(kNow);
  client_.Answer(TransportError::kCancelled);
  EXPECT_TRUE(answered_.empty());
  EXPECT_EQ(budget_.used(), 0u);
}

}  // namespace
}  // namespace ddb
