// Rounds of replacements: several at a time, and how each of them ends.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "pipeline/replacements.h"
#include "support/pipeline/replacements_fixture.h"

namespace ddb {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Rounds : public ReplacementsTest {};

TEST_P(Rounds, OpenEachTableAsSoonAsItIsReplaced) {
  std::atomic<bool> go_on = false;
  replace_ = [&](const std::vector<TableNo>& which, const StopRequested&, const TableReplaced& replaced) {
    replaced(TableOf(kOrders));
    EXPECT_TRUE(Within(seconds(20), [&go_on] { return go_on.load(); }));
    return Anew(which);
  };
  plan_.chunk_bytes = 4096;  // both words are in one
  Start();
  Send(Record("orders", 2) + State("orders", 2) + Record("users", 1) + State("users", 1));
  EXPECT_NE(NextLine().find("orders"), std::string::npos);
  EXPECT_FALSE(store_.Has("1"));
  go_on = true;
  Finish();
  EndsWell();
  EXPECT_EQ(store_.size(), 2u);
}

TEST_P(Rounds, AWordDoesNotWaitForTheReplacementOfAnother) {
  std::atomic<int> rounds = 0;
  std::atomic<bool> go_on = false;
  replace_ = [&](const std::vector<TableNo>& which, const StopRequested&, const TableReplaced&) {
    ++rounds;
    if (which.front() == TableOf(kUsers)) {
      EXPECT_TRUE(Within(seconds(20), [&go_on] { return go_on.load(); }));
    }
    for (const TableNo table : which) Note(table);
    return Anew(which);
  };
  Start();
  Send(Record("users", 1) + State("users", 1));
  EXPECT_TRUE(Within(seconds(20), [&rounds] { return rounds > 0; }));
  Send(Record("orders", 2) + State("orders", 2));
  EXPECT_NE(NextLine().find("orders"), std::string::npos);
  EXPECT_FALSE(Replaced(kUsers));
  EXPECT_FALSE(store_.Has("1"));
  go_on = true;
  Finish();
  EndsWell();
  EXPECT_EQ(rounds, 2);
  EXPECT_EQ(store_.size(), 2u);
  EXPECT_EQ(AllLines().size(), 1u);
}

// A round that comes to an early end: the table of "orders" is replaced in it, that of "users" is not.
class RoundThatEnds : public ReplacementsTest {
 protected:
  const std::string words_ =
      Record("orders", 2) + State("orders", 2) + Record("users", 1) + State("users", 1);
  void StoresOrdersAlone() {
    EXPECT_TRUE(store_.Has("2"));
    EXPECT_FALSE(store_.Has("1"));
    const std::vector<std::string> lines = AllLines();
    ASSERT_EQ(lines.size(), 1u);
    EXPECT_NE(lines[0].find("orders"), std::string::npos);
  }
};

TEST_P(RoundThatEnds, InAFailureStoresWhatItHasReplaced) {
  replace_ = [this](const std::vector<TableNo>&, const StopRequested&,
                    const TableReplaced& replaced) -> Result<std::vector<TableDescription>> {
    replaced(TableOf(kOrders));
    return TransientError("gave up on the other");
  };
  RunWith(words_);
  EXPECT_EQ(result_.reason, StopReason::kFailure);
  StoresOrdersAlone();
}

TEST_P(RoundThatEnds, EndsNoOtherOne) {
  std::atomic<int> rounds = 0;
  std::atomic<bool> failed = false;
  replace_ = [&](const std::vector<TableNo>& which, const StopRequested&,
                 const TableReplaced&) -> Result<std::vector<TableDescription>> {
    ++rounds;
    if (which.front() == TableOf(kUsers)) {
      failed = true;
      return TransientError("gave up");
    }
    EXPECT_TRUE(Within(seconds(20), [&failed] { return failed.load(); }));
    std::this_thread::sleep_for(milliseconds(200));
    Note(TableOf(kOrders));
    return Anew(which);
  };
  Start();
  Send(Record("orders", 2) + State("orders", 2));
  EXPECT_TRUE(Within(seconds(20), [&rounds] { return rounds > 0; }));
  Send(Record("users", 1) + State("users", 1));
  Join();
  EXPECT_EQ(result_.reason, StopReason::kFailure);
  StoresOrdersAlone();
}

TEST_P(RoundThatEnds, InASignalStoresWhatItHasReplaced) {
  std::atomic<int> rounds = 0;
  replace_ = [&](const std::vector<TableNo>&, const StopRequested& stop,
                 const TableReplaced& replaced) -> Result<std::vector<TableDescription>> {
    ++rounds;
    EXPECT_TRUE(Within(seconds(20), [&] { return stop(); }));
    replaced(TableOf(kOrders));
    return TransientError("stopped");
  };
  Send(words_);
  Start();
  EXPECT_TRUE(Within(seconds(20), [&] { return rounds > 0; }));
  Signal();
  Join();
  EXPECT_EQ(result_.reason, StopReason::kSignal);
  StoresOrdersAlone();
}

INSTANTIATE_TEST_SUITE_P(Workers, Rounds, ::testing::Values(1, 3));
INSTANTIATE_TEST_SUITE_P(Workers, RoundThatEnds, ::testing::Values(1, 3));

}  // namespace
}  // namespace ddb
