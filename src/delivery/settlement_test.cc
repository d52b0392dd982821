// What became of items, as it is said to the ledger, the counters and the log: by policy, for records and for
// dead letters.
#include "delivery/settlement.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "items/dead_letter.h"
#include "support/delivery/delivery_fixture.h"

namespace ddb {
namespace {

class SettlementTest : public DeliveryTest {
 protected:
  using DeliveryTest::DeliveryTest;

  // A batch of one table with these records, as it waits to be stored.
  Batch BatchOf(TableNo table, const std::vector<RecordGroup*>& groups) {
    Batch batch;
    batch.table = table;
    for (RecordGroup* group : groups) {
      BatchItem item;
      item.begin = static_cast<uint32_t>(batch.body.size());
      batch.body.Append(kItem);
      item.size = static_cast<uint32_t>(kItem.size());
      item.origin.group = group;
      batch.items.push_back(std::move(item));
    }
    settlement_.Expect(batch, clock_.Now());
    return batch;
  }
  static constexpr std::string_view kItem = R"({"id":{"S":"k"}})";
  static constexpr Text kReason = "a reason of our own";

  bool Out(size_t state, std::string_view text) const {
    return states_out_.size() > state && states_out_[state].find(text) != std::string::npos;
  }

  Settlement settlement_{run_, progress_};
};

TEST_F(SettlementTest, WhatIsStoredIsCreditedAndWaitsNoMore) {
  RecordGroup* first = Register(kOne, 2, "first");
  RecordGroup* second = Register(kOne, 3, "second");
  const Batch batch = BatchOf(kOne, {first, second, first, second, second});
  EXPECT_EQ(Waiting(kOne), 5u);
  ItemSet some = ItemSet::First(3);
  settlement_.Store(batch, some, clock_.Now());
  EXPECT_EQ(Waiting(kOne), 2u);
  EXPECT_EQ(progress_.stored.value(), 3u);
  ASSERT_EQ(states_out_.size(), 1u);
  EXPECT_TRUE(Out(0, R"("recordCount":2.0)")) << states_out_[0];
  settlement_.Store(batch, ItemSet::First(5).Without(some), clock_.Now());
  ASSERT_EQ(states_out_.size(), 2u);
  EXPECT_TRUE(Out(1, R"("recordCount":3.0)")) << states_out_[1];
  EXPECT_EQ(Waiting(kOne), 0u);
  EXPECT_EQ(progress_.stored.value(), 5u);
}

TEST_F(SettlementTest, WhatIsAbandonedWaitsNoMoreAndIsNeverCredited) {
  RecordGroup* group = Register(kOne, 2, "s");
  const Batch batch = BatchOf(kOne, {group, group});
  settlement_.Abandon(batch, ItemSet::First(2), clock_.Now());
  EXPECT_EQ(Waiting(kOne), 0u);
  EXPECT_TRUE(states_out_.empty());
  EXPECT_EQ(group->outstanding, 2u);
}

// Policy fail: the record stays outstanding, and the run says why.
TEST_F(SettlementTest, ByDefaultARefusedRecordEndsTheRun) {
  RecordGroup* group = Register(kOne, 1, "s");
  const Batch batch = BatchOf(kOne, {group});
  EXPECT_FALSE(settlement_.Refuse(batch, kReason, clock_.Now()));
  ASSERT_TRUE(state_.error());
  EXPECT_EQ(state_.error()->type, FailureType::kConfig);
  EXPECT_NE(state_.error()->message.find(kReason), std::string::npos);
  EXPECT_EQ(group->outstanding, 1u);
  EXPECT_TRUE(states_out_.empty());
  EXPECT_FALSE(settlement_.has_letters());
  EXPECT_EQ(Waiting(kOne), 0u);
  EXPECT_EQ(progress_.rejected.value(), 1u);
}

class FailWithLettersTest : public SettlementTest {
 protected:
  FailWithLettersTest() : SettlementTest(RejectionPolicy{false, kLetters}) {}
};

TEST_F(FailWithLettersTest, TheLetterHelpsToFindTheRecordAndSettlesNothing) {
  RecordGroup* group = Register(kOne, 1, "s");
  settlement_.Refuse(BatchOf(kOne, {group}), kReason, clock_.Now());
  EXPECT_TRUE(state_.error());
  const std::vector<Settlement::Letter> letters = settlement_.TakeLetters();
  ASSERT_EQ(letters.size(), 1u);
  Batch batch = BatchOf(kLetters, {nullptr});
  batch.items[0].origin.letter = letters[0].pending;
  settlement_.Store(batch, ItemSet::First(1), clock_.Now());
  EXPECT_EQ(group->outstanding, 1u);
  EXPECT_TRUE(states_out_.empty());
}

class SkipTest : public SettlementTest {
 protected:
  explicit SkipTest(std::optional<TableNo> dead_letters = std::nullopt)
      : SettlementTest(Skip(dead_letters)) {}
};

TEST_F(SkipTest, ARefusedRecordIsCountedSaidAndLetsTheStateGo) {
  RecordGroup* group = Register(kOne, 2, "s");
  settlement_.Refuse(BatchOf(kOne, {group}), kReason, clock_.Now());
  settlement_.Refuse(BatchOf(kOne, {group}), kReason, clock_.Now());
  EXPECT_FALSE(state_.stopped());
  ASSERT_EQ(states_out_.size(), 1u);
  EXPECT_TRUE(Out(0, R"({"recordCount":0.0,"rejectedRecordCount":2.0})")) << states_out_[0];
  EXPECT_EQ(log_.messages.size(), 1u) << "the first of its kind";
  rejections_.LogTotals();
  ASSERT_EQ(log_.messages.size(), 2u);
  EXPECT_NE(log_.messages[1].find("2 records of stream one were skipped"), std::string::npos)
      << log_.messages[1];
}

TEST_F(SkipTest, ARecordThatTheEncoderRefusesIsTheReadersToSettle) {
  RecordGroup* group = Register(kOne, 1, "s");
  EXPECT_EQ(settlement_.Reject({StreamNo(0), kReason, "", kDeadLetterAirbyte, "{}", group}),
            Settlement::Fate::kSkipped);
  EXPECT_EQ(group->outstanding, 1u);
  EXPECT_EQ(progress_.rejected.value(), 1u);
}

class LetterTest : public SkipTest {
 protected:
  LetterTest() : SkipTest(kLetters) {}
};

TEST_F(LetterTest, TheRecordIsSettledWithTheLastPartOfItsLetter) {
  RecordGroup* group = Register(kOne, 1, "s");
  settlement_.Refuse(BatchOf(kOne, {group}), kReason, clock_.Now());
  EXPECT_TRUE(settlement_.has_letters());
  std::vector<Settlement::Letter> letters = settlement_.TakeLetters();
  EXPECT_FALSE(settlement_.has_letters());
  ASSERT_EQ(letters.size(), 1u);
  ASSERT_EQ(letters[0].parts.size(), 1u);
  EXPECT_NE(
      letters[0].parts[0].find(R"("record":{"S":"{\"PutRequest\":{\"Item\":{\"id\":{\"S\":\"k\"}}}}"})"),
      std::string::npos)
      << letters[0].parts[0];
  letters[0].pending->parts = 2;  // as if it were longer
  Batch batch = BatchOf(kLetters, {nullptr, nullptr});
  for (BatchItem& item : batch.items) item.origin.letter = letters[0].pending;
  settlement_.Store(batch, ItemSet::First(1), clock_.Now());
  EXPECT_TRUE(states_out_.empty());
  settlement_.Store(batch, ItemSet::Only(1), clock_.Now());
  ASSERT_EQ(states_out_.size(), 1u);
  EXPECT_TRUE(Out(0, R"("rejectedRecordCount":1.0)")) << states_out_[0];
  EXPECT_EQ(progress_.stored.value(), 0u) << "a letter is no record";
  EXPECT_EQ(Waiting(kLetters), 0u);
}

// ---- what is made smaller

class ShrinkTest : public SkipTest {
 protected:
  Batch TooLarge(RecordGroup* group, bool is_changed) {
    Batch batch;
    batch.table = kOne;
    const std::string item = R"({"id":{"S":"k"},"_airbyte_data":{"M":{"a":{"S":"b"},"big":{"S":")" +
                             std::string(410'000, 'x') + R"("}}}})";
    batch.body.Append(item);
    batch.items.push_back({0, static_cast<uint32_t>(item.size()), {group, nullptr, is_changed}, {}});
    return batch;
  }
  // As the end of the run says it.
  std::string Totals() {
    rejections_.LogTotals();
    std::string all;
    for (const std::string& message : log_.messages) all += message + "\n";
    return all;
  }
};

TEST_F(ShrinkTest, CountsWhatItNulls) {
  RecordGroup* group = Register(kOne, 1, "s");
  Buffer smaller;
  ASSERT_TRUE(settlement_.Shrink(TooLarge(group, false), smaller));
  EXPECT_LT(smaller.size(), 1000u);
  EXPECT_EQ(group->counts.nulled_values, 1u);
  EXPECT_NE(Totals().find("1 value was set to null"), std::string::npos);
  EXPECT_NE(Totals().find("; 1 record is noted"), std::string::npos);
}

TEST_F(ShrinkTest, ARecordThatTheEncoderChangedIsOneRecordAllTheSame) {
  RecordGroup* group = Register(kOne, 1, "s");
  rejections_.CountChanged(StreamNo(0), 2, 0);  // as the encoder found
  Buffer smaller;
  ASSERT_TRUE(settlement_.Shrink(TooLarge(group, true), smaller));
  EXPECT_NE(Totals().find("3 values were set to null"), std::string::npos) << Totals();
  EXPECT_NE(Totals().find("; 1 record is noted"), std::string::npos) << Totals();
}

TEST_F(ShrinkTest, WhatIsSmallAlreadyStaysAsItIs) {
  RecordGroup* group = Register(kOne, 1, "s");
  const Batch batch = BatchOf(kOne, {group});
  Buffer smaller;
  EXPECT_FALSE(settlement_.Shrink(batch, smaller));
  EXPECT_EQ(smaller.size(), 0u);
  EXPECT_EQ(group->counts.nulled_values, 0u);
}

// ---- storms

TEST_F(SkipTest, ThreeRequestsRefusedWholeForOneReasonAreAStorm) {
  RecordGroup* group = Register(kOne, 110, "s");  // more than are settled here, so that it outlives them
  const auto refuse_ten = [&](const std::vector<Text>& reasons) {
    auto whole = std::make_shared<TakenApart>();
    whole->items = 10;
    bool storm = false;
    for (int i = 0; i < 10; ++i) {
      Batch batch = BatchOf(kOne, {group});
      batch.whole = whole;
      storm = settlement_.Refuse(batch, reasons[static_cast<size_t>(i) % reasons.size()], clock_.Now());
      EXPECT_FALSE(storm && i < 9) << "only the last of a request tells";
    }
    return storm;
  };
  EXPECT_FALSE(refuse_ten({"a"}));
  EXPECT_FALSE(refuse_ten({"a"}));
  EXPECT_FALSE(refuse_ten({"b"})) << "another reason";
  EXPECT_FALSE(refuse_ten({"b"}));
  EXPECT_FALSE(refuse_ten({"a", "b"})) << "no one reason";
  EXPECT_FALSE(refuse_ten({"b"}));
  EXPECT_FALSE(refuse_ten({"b"}));
  settlement_.Store(BatchOf(kOne, {group}), ItemSet::First(1), clock_.Now());
  EXPECT_FALSE(refuse_ten({"b"})) << "something was stored in between";
  EXPECT_FALSE(refuse_ten({"b"}));
  EXPECT_TRUE(refuse_ten({"b"}));
}

}  // namespace
}  // namespace ddb
