// Every rule about what a reply means, as rows of tables: no loop, no table, no time but what is said here.
#include "delivery/verdicts.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "base/times.h"

namespace ddb {

// For gtest.
void PrintTo(const Action& action, std::ostream* out) {
  *out << "kind " << static_cast<int>(action.kind) << ", items";
  for (const size_t at : action.items) *out << " " << at;
  *out << ", backoff " << static_cast<int>(action.backoff) << (action.anew ? ", anew" : "")
       << (action.lapse ? ", lapse" : "") << (action.refused ? ", refused" : "")
       << (action.alone ? ", alone" : "") << ", failure " << static_cast<int>(action.failure);
}

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = Action::Kind;
using Failure = Action::Failure;

constexpr DeliveryRules kRules{Instant(seconds(1000)), seconds(600)};
constexpr Instant kStarted = kRules.started;
constexpr Instant kLater = kStarted + seconds(5000);

// A batch of records, or of parts of letters.
Batch BatchOf(size_t items, bool letters = false) {
  Batch batch;
  batch.items.resize(items);
  for (BatchItem& item : batch.items) {
    if (letters) item.origin.letter = std::make_shared<PendingLetter>();
  }
  return batch;
}

std::vector<Action> Of(const Batch& batch, const Answer& answer, Instant now = kLater) {
  const Actions actions = Decide(batch, answer, kRules, now);
  return {actions.begin(), actions.end()};
}

ItemSet All(const Batch& batch) { return ItemSet::First(batch.items.size()); }

ItemSet Items(std::initializer_list<size_t> places) {
  ItemSet items;
  for (const size_t at : places) items.Add(at);
  return items;
}

// Whatever the reply, whatever the batch: every item is named, and by one action only.
TEST(VerdictsTest, EveryItemIsInOneActionWhateverTheReply) {
  static constexpr Reaction kReactions[] = {
      Reaction::kNone,  Reaction::kRetry,      Reaction::kThrottle,   Reaction::kReauthenticate,
      Reaction::kSplit, Reaction::kRejectItem, Reaction::kFailConfig, Reaction::kFailSystem};
  static constexpr ErrorCode kCodes[] = {ErrorCode::kOther, ErrorCode::kItemTooLarge,
                                         ErrorCode::kResourceNotFound};
  for (const Reaction reaction : kReactions) {
    for (const ErrorCode code : kCodes) {
      for (const size_t count : {1, 2, 3, 25}) {
        for (const bool letters : {false, true}) {
          for (const Duration waited : {seconds(0), seconds(599), seconds(700)}) {
            Batch batch = BatchOf(count, letters);
            batch.items[0].history.first_refused = kLater - waited;
            batch.items[count / 2].history = {kLater - waited, kLater - waited, 9};
            for (const ItemSet unprocessed : {ItemSet(), ItemSet::First(1), All(batch)}) {
              if (reaction != Reaction::kNone && !unprocessed.empty()) continue;
              ItemSet seen;
              size_t named = 0;
              for (const Action& action : Of(batch, {reaction, code, unprocessed})) {
                EXPECT_FALSE(action.items.empty());
                for (const size_t at : action.items) seen.Add(at);
                named += action.items.size();
              }
              EXPECT_EQ(seen, All(batch)) << static_cast<int>(reaction) << " " << count;
              EXPECT_EQ(named, count) << static_cast<int>(reaction) << " " << count;
            }
          }
        }
      }
    }
  }
}

struct Row {
  Reaction reaction;
  ErrorCode code;
  size_t items;
  bool letters;
  Action expected;  // its items are all
};

TEST(VerdictsTest, OneAnswerOneAction) {
  const Action settle{.kind = Kind::kSettle};
  const Action retry{.kind = Kind::kRetry, .backoff = Reaction::kRetry, .refused = true};
  const Action throttle{.kind = Kind::kRetry, .backoff = Reaction::kThrottle, .refused = true};
  const Action sign_again{.kind = Kind::kRetry, .backoff = Reaction::kReauthenticate};
  const Action halve{.kind = Kind::kHalve};
  const Action shrink{.kind = Kind::kShrink};
  const Action reject{.kind = Kind::kReject};
  const Action fail{.kind = Kind::kFailTable, .failure = Failure::kVerdict};
  const Action fail_letter{.kind = Kind::kFailTable, .failure = Failure::kLetter};
  const Row rows[] = {
      {Reaction::kNone, ErrorCode::kNone, 1, false, settle},
      {Reaction::kNone, ErrorCode::kNone, 25, false, settle},
      {Reaction::kNone, ErrorCode::kNone, 3, true, settle},
      {Reaction::kRetry, ErrorCode::kServerError, 1, false, retry},
      {Reaction::kRetry, ErrorCode::kBadReply, 25, false, retry},
      {Reaction::kRetry, ErrorCode::kTransport, 2, true, retry},
      {Reaction::kThrottle, ErrorCode::kThrottled, 1, false, throttle},
      {Reaction::kThrottle, ErrorCode::kThrottled, 25, false, throttle},
      {Reaction::kThrottle, ErrorCode::kThrottled, 2, true, throttle},
      {Reaction::kReauthenticate, ErrorCode::kExpiredToken, 1, false, sign_again},
      {Reaction::kReauthenticate, ErrorCode::kClockSkew, 25, false, sign_again},
      {Reaction::kReauthenticate, ErrorCode::kClockSkew, 1, true, sign_again},
      {Reaction::kSplit, ErrorCode::kRequestTooLarge, 25, false, halve},
      {Reaction::kSplit, ErrorCode::kRequestTooLarge, 2, true, halve},
      {Reaction::kSplit, ErrorCode::kRequestTooLarge, 1, false, reject},
      {Reaction::kSplit, ErrorCode::kRequestTooLarge, 1, true, fail_letter},
      {Reaction::kRejectItem, ErrorCode::kValidation, 25, false, halve},
      {Reaction::kRejectItem, ErrorCode::kItemTooLarge, 2, false, halve},
      {Reaction::kRejectItem, ErrorCode::kValidation, 2, true, halve},
      {Reaction::kRejectItem, ErrorCode::kValidation, 1, false, reject},
      {Reaction::kRejectItem, ErrorCode::kItemTooLarge, 1, false, shrink},
      {Reaction::kRejectItem, ErrorCode::kValidation, 1, true, fail_letter},
      {Reaction::kRejectItem, ErrorCode::kItemTooLarge, 1, true, fail_letter},
      {Reaction::kFailConfig, ErrorCode::kAccessDenied, 1, false, fail},
      {Reaction::kFailConfig, ErrorCode::kAccessDenied, 25, true, fail},
      {Reaction::kFailConfig, ErrorCode::kWrongRegion, 25, false, fail},
      {Reaction::kFailSystem, ErrorCode::kOther, 1, false, fail},
      {Reaction::kFailSystem, ErrorCode::kConditionFailed, 25, true, fail},
  };
  for (const Row& row : rows) {
    const Batch batch = BatchOf(row.items, row.letters);
    Action expected = row.expected;
    expected.items = All(batch);
    EXPECT_EQ(Of(batch, {row.reaction, row.code, {}}), std::vector<Action>{expected})
        << "reaction " << static_cast<int>(row.reaction) << ", code " << static_cast<int>(row.code) << ", "
        << row.items << (row.letters ? " letters" : " records");
  }
}

TEST(VerdictsTest, WhatA200LeftIsAThrottleAndTheRestIsStored) {
  const Batch batch = BatchOf(25);
  const ItemSet left = Items({3, 24});
  const std::vector<Action> expected = {
      {.kind = Kind::kSettle, .items = All(batch).Without(left)},
      {.kind = Kind::kRetry, .items = left, .backoff = Reaction::kThrottle, .anew = true, .refused = true}};
  EXPECT_EQ(Of(batch, {Reaction::kNone, ErrorCode::kNone, left}), expected);
  const std::vector<Action> nothing_stored = {
      {.kind = Kind::kRetry, .items = All(batch), .backoff = Reaction::kThrottle, .refused = true}};
  EXPECT_EQ(Of(batch, {Reaction::kNone, ErrorCode::kNone, All(batch)}), nothing_stored);
}

TEST(VerdictsTest, ANewTableMayBeUnknownForAMinuteAndThatIsNoRefusal) {
  const Batch batch = BatchOf(25);
  Answer unknown{Reaction::kFailConfig, ErrorCode::kResourceNotFound, {}};
  unknown.taken_before = true;
  const std::vector<Action> again = {
      {.kind = Kind::kRetry, .items = All(batch), .backoff = Reaction::kRetry}};
  const std::vector<Action> fail = {{.kind = Kind::kFailTable, .items = All(batch)}};
  EXPECT_EQ(Of(batch, unknown, kStarted), again);
  EXPECT_EQ(Of(batch, unknown, kStarted + seconds(60) - milliseconds(1)), again);
  EXPECT_EQ(Of(batch, unknown, kStarted + seconds(60)), fail);
  EXPECT_EQ(Of(batch, {Reaction::kFailConfig, ErrorCode::kAccessDenied, {}}, kStarted), fail);
}

// Of one that has taken nothing yet: it may have been replaced just now.
TEST(VerdictsTest, ATableThatIsNewLateInTheRunMayBeUnknownToo) {
  Batch batch = BatchOf(25);
  for (const bool first_flight : {false, true}) {
    Answer unknown{Reaction::kFailConfig, ErrorCode::kResourceNotFound, {}};
    unknown.first_flight = first_flight;
    const std::vector<Action> again = {
        {.kind = Kind::kRetry, .items = All(batch), .backoff = Reaction::kRetry, .lapse = true}};
    batch.refused_since = {};
    EXPECT_EQ(Of(batch, unknown), again);
    batch.refused_since = kLater - times::kLapse + milliseconds(1);
    EXPECT_EQ(Of(batch, unknown), again);
    batch.refused_since = kLater - times::kLapse;
    EXPECT_EQ(Of(batch, unknown)[0].kind, Kind::kFailTable);
  }
}

TEST(VerdictsTest, SigningAnewIsTriedEightTimesInARow) {
  Batch batch = BatchOf(2);
  const Answer expired{Reaction::kReauthenticate, ErrorCode::kExpiredToken, {}};
  batch.reauthentications = 7;
  EXPECT_EQ(Of(batch, expired).front().kind, Kind::kRetry);
  batch.reauthentications = 8;
  EXPECT_EQ(Of(batch, expired).front().kind, Kind::kFailTable);
}

// Throttled, unprocessed and failed requests alike.
TEST(VerdictsTest, AnItemThatHasWaitedTooLongIsSentAlone) {
  for (const Answer& answer : {Answer{Reaction::kThrottle, ErrorCode::kThrottled, {}},
                               Answer{Reaction::kRetry, ErrorCode::kServerError, {}},
                               Answer{Reaction::kNone, ErrorCode::kNone, Items({0, 1, 2})}}) {
    const Reaction backoff = answer.reaction == Reaction::kRetry ? Reaction::kRetry : Reaction::kThrottle;
    Batch batch = BatchOf(3);
    batch.items[0].history.first_refused = kLater - seconds(600);  // as long as may be, not longer
    batch.items[2].history.first_refused = kLater - seconds(600) - milliseconds(1);
    const std::vector<Action> expected = {
        {.kind = Kind::kRetryEach, .items = Items({2}), .backoff = backoff, .refused = true},
        {.kind = Kind::kRetry, .items = Items({0, 1}), .backoff = backoff, .refused = true}};
    EXPECT_EQ(Of(batch, answer), expected);

    for (BatchItem& item : batch.items) item.history.first_refused = kLater - seconds(601);
    const std::vector<Action> each = {
        {.kind = Kind::kRetryEach, .items = All(batch), .backoff = backoff, .refused = true}};
    EXPECT_EQ(Of(batch, answer), each);
  }
}

TEST(VerdictsTest, OneAloneIsGivenUpAfterTenRefusalsOverAMinute) {
  const Answer throttle{Reaction::kThrottle, ErrorCode::kThrottled, {}};
  const std::vector<Action> again = {{.kind = Kind::kRetry,
                                      .items = ItemSet::First(1),
                                      .backoff = Reaction::kThrottle,
                                      .refused = true,
                                      .alone = true}};
  const std::vector<Action> given_up = {
      {.kind = Kind::kFailTable, .items = ItemSet::First(1), .failure = Failure::kRefusedAlone}};
  struct {
    uint32_t refusals;  // so far
    Duration since;
    bool gives_up;
  } const kCases[] = {
      {0, seconds(0), false}, {8, seconds(300), false}, {9, seconds(59), false},
      {9, seconds(60), true}, {50, seconds(59), false}, {50, seconds(61), true},
  };
  for (const auto& [refusals, since, gives_up] : kCases) {
    for (const bool letter : {false, true}) {
      Batch batch = BatchOf(1, letter);
      batch.items[0].history = {kLater - seconds(5000), kLater - since, refusals};
      EXPECT_EQ(Of(batch, throttle), gives_up ? given_up : again) << refusals;
      EXPECT_EQ(Of(batch, {Reaction::kNone, ErrorCode::kNone, ItemSet::First(1)}),
                gives_up ? given_up : again)
          << refusals;
    }
  }
}

// It left although its table was known to take nothing: its refusal says nothing against it.
TEST(VerdictsTest, AProbeIsNoRefusalAlone) {
  Batch batch = BatchOf(1, /*letter=*/false);
  batch.items[0].history = {kLater - seconds(5000), kLater - seconds(300), 50};
  batch.is_probe = true;
  const std::vector<Action> again = {
      {.kind = Kind::kRetry, .items = ItemSet::First(1), .backoff = Reaction::kThrottle, .refused = true}};
  EXPECT_EQ(Of(batch, {Reaction::kThrottle, ErrorCode::kThrottled, {}}), again);
}

// It came alone because it was the last of its batch: that says nothing against it.
TEST(VerdictsTest, AnItemAloneThatIsNotOverdueIsOnlyRetried) {
  Batch batch = BatchOf(1);
  batch.items[0].history = {kLater - seconds(599), {}, 0};
  const std::vector<Action> again = {
      {.kind = Kind::kRetry, .items = ItemSet::First(1), .backoff = Reaction::kRetry, .refused = true}};
  EXPECT_EQ(Of(batch, {Reaction::kRetry, ErrorCode::kServerError, {}}), again);
}

// What was accepted a moment ago is not given up at the first refusal; what never was, is.
TEST(VerdictsTest, WhatWasAcceptedBeforeIsTriedAgainForAWhile) {
  struct {
    Reaction reaction;
    ErrorCode code;
    ReplyFault fault;
    bool who_asks;
    bool taken_before;
    bool may_pass;
  } const kCases[] = {
      {Reaction::kFailConfig, ErrorCode::kUnrecognizedClient, ReplyFault::kRefusedByName, true, false, true},
      {Reaction::kFailConfig, ErrorCode::kInvalidSignature, ReplyFault::kRefusedByName, true, true, true},
      {Reaction::kFailConfig, ErrorCode::kTransport, ReplyFault::kCertificate, true, false, true},
      {Reaction::kFailConfig, ErrorCode::kAccessDenied, ReplyFault::kRefusedByName, false, false, false},
      {Reaction::kFailConfig, ErrorCode::kAccessDenied, ReplyFault::kRefusedByName, false, true, true},
      {Reaction::kFailConfig, ErrorCode::kKmsUnavailable, ReplyFault::kRefusedByName, false, true, true},
      {Reaction::kFailSystem, ErrorCode::kUnknownOperation, ReplyFault::kRedirect, false, true, true},
      {Reaction::kFailSystem, ErrorCode::kUnknownOperation, ReplyFault::kHtml, false, false, false},
      {Reaction::kFailSystem, ErrorCode::kUnknownOperation, ReplyFault::kRefusedByName, false, true, false},
      {Reaction::kFailConfig, ErrorCode::kResourceNotFound, ReplyFault::kRefusedByName, false, true, false},
      {Reaction::kFailConfig, ErrorCode::kWrongRegion, ReplyFault::kRefusedByName, false, true, false},
      {Reaction::kFailSystem, ErrorCode::kOther, ReplyFault::kRefusedByName, false, true, false},
  };
  const std::vector<Action> again = {
      {.kind = Kind::kRetry, .items = ItemSet::First(2), .backoff = Reaction::kRetry, .lapse = true}};
  const std::vector<Action> fails = {{.kind = Kind::kFailTable, .items = ItemSet::First(2)}};
  for (const auto& c : kCases) {
    const Answer answer{.reaction = c.reaction,
                        .code = c.code,
                        .unprocessed = {},
                        .fault = {c.fault, 0, {}},
                        .refuses_who_asks = c.who_asks,
                        .taken_before = c.taken_before,
                        .first_flight = false};
    Batch batch = BatchOf(2);
    EXPECT_EQ(Of(batch, answer), c.may_pass ? again : fails) << static_cast<int>(c.code);
    batch.refused_since = kLater - seconds(29);
    EXPECT_EQ(Of(batch, answer), c.may_pass ? again : fails) << static_cast<int>(c.code);
    batch.refused_since = kLater - seconds(30);
    EXPECT_EQ(Of(batch, answer), fails) << static_cast<int>(c.code);
  }
}

// One of several requests that were sent before any reply had come: the others may have been accepted.
TEST(VerdictsTest, OfTheFirstRequestsItDoesNotMatterWhichReplyIsReadFirst) {
  for (const ErrorCode code : {ErrorCode::kAccessDenied, ErrorCode::kKmsUnavailable}) {
    Answer answer{.reaction = Reaction::kFailConfig, .code = code, .unprocessed = {}};
    answer.first_flight = true;
    Batch batch = BatchOf(2);
    const std::vector<Action> again = Of(batch, answer);
    ASSERT_EQ(again.size(), 1u);
    EXPECT_EQ(again[0].kind, Kind::kRetry);
    EXPECT_TRUE(again[0].lapse);
    batch.refused_since = kLater - times::kFirstFlight;
    EXPECT_EQ(Of(batch, answer)[0].kind, Kind::kFailTable);
    answer.taken_before = true;  // what the reply that was read next has shown
    EXPECT_EQ(Of(batch, answer), again);
  }
}

TEST(RefusalHistoryTest, CountsFromTheFirstAndAloneApart) {
  RefusalHistory history;
  history.Add(/*was_alone=*/false, kStarted);
  history.Add(/*was_alone=*/false, kLater);
  EXPECT_EQ(history.first_refused, kStarted);
  EXPECT_EQ(history.alone, 0u);
  history.Add(/*was_alone=*/true, kLater);
  history.Add(/*was_alone=*/true, kLater + seconds(1));
  EXPECT_EQ(history.first_refused, kStarted);
  EXPECT_EQ(history.first_alone, kLater);
  EXPECT_EQ(history.alone, 2u);
}

TEST(ItemSetTest, HoldsUpTo32Places) {
  EXPECT_TRUE(ItemSet::First(0).empty());
  EXPECT_EQ(ItemSet::First(32).size(), 32u);
  EXPECT_TRUE(ItemSet::First(32).Has(31));
  const ItemSet odd = Items({1, 3, 31});
  EXPECT_EQ(std::vector<size_t>(), [] {
    std::vector<size_t> places;
    for (const size_t at : ItemSet()) places.push_back(at);
    return places;
  }());
  std::vector<size_t> places;
  for (const size_t at : odd) places.push_back(at);
  EXPECT_EQ(places, (std::vector<size_t>{1, 3, 31}));
  EXPECT_EQ(ItemSet::First(4).Without(odd), Items({0, 2}));
  EXPECT_EQ(ItemSet::Only(31), Items({31}));
}

}  // namespace
}  // namespace ddb
