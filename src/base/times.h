// Times: every time by which a sync goes on, waits or ends, in one place, as none of them makes sense without
// the others. Not here: what the user says (give_up_after_s), what a connection waits for
// (HttpClient::Options), what tables need to become active or to go (dynamodb/table_operations), check's own
// (ConnectionCheck's options), and what belongs to an algorithm (delivery/path_bound). Constants; any thread.
#pragma once

#include <chrono>

#include "base/clock.h"

namespace ddb::times {

using std::chrono::milliseconds;
using std::chrono::seconds;

// ---- an end that came early

// A signal, or a stdout that nobody reads any more: from then to the end of the process, all in all. `docker
// stop` kills after 10 s, and so do most schedulers that are asked to hurry:
// https://docs.docker.com/reference/cli/docker/container/stop/
inline constexpr Duration kStop = seconds(8);
// Of it, for what is in flight. The rest is for lines of output and for the threads to end.
inline constexpr Duration kStoringAfterStop = seconds(6);
inline constexpr Duration kFlushAfterStop = milliseconds(1500);
static_assert(kStoringAfterStop + kFlushAfterStop < kStop);

// A failure: for what lies before it. It is one failed attempt of many that the platform makes, and what is
// stored now need not be read again.
inline constexpr Duration kStoringAfterFailure = seconds(30);
// Of what may still be stored then, a request that is not answered for so long is given up and sent again: it
// has to be sent more than once in the time that there is.
inline constexpr Duration kReplyAfterFailure = kStoringAfterFailure / 3;

// Lines that are queued when everything else is done, for a reader who is slow.
inline constexpr Duration kFlushAtEnd = seconds(10);
// The first lines: whether anybody takes them.
inline constexpr Duration kFlushAtStart = seconds(1);

// ---- looking

// How often the supervisor looks at deadlines, tables that take nothing, and what there is to say.
inline constexpr Duration kTick = milliseconds(500);
// How often who waits for something else looks whether a signal came.
inline constexpr Duration kSignalPoll = milliseconds(100);
// What is asked whether a bound has opened, and nothing tells it: 50 ms are far less than a person sees and
// far more than the asking costs.
inline constexpr Duration kBlockedPoll = milliseconds(50);

// ---- batches

// An open batch is sealed when its first item is this old, so that a slow source's records never wait for
// company.
inline constexpr Duration kBatchAge = milliseconds(200);
// So long without a sign of life, a full line may be one table's that does not answer: another one may try.
inline constexpr Duration kSilence = seconds(1);

// ---- tries

// The first pause before a request is tried again, as AWS's SDKs do it: after an error, which is mostly of
// one connection or host, and after a throttle, as a table's capacity is counted by the second. It doubles
// with each try, up to the longest.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
inline constexpr Duration kPauseAfterError = milliseconds(25);
inline constexpr Duration kPauseAfterThrottle = seconds(1);
inline constexpr Duration kLongestPause = seconds(20);
// The longest once a run has failed or was stopped, as what still counts has 30 s, or 6, for all of its
// tries.
inline constexpr Duration kPauseAfterStop = seconds(2);
static_assert(kPauseAfterStop * 3 <= kStoringAfterStop);

// The longest pause of what its table refused again and again while it takes other items.
inline constexpr Duration kLongestRefused = seconds(5);

// DescribeTable and the data plane may disagree about a new table for a while.
// https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_DescribeTable.html
inline constexpr Duration kTableMayBeUnknown = seconds(60);
// So long is tried again what was accepted before and is refused now, where the refusal may pass: keys that
// were just made are not known everywhere at once, nor are permissions.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency
inline constexpr Duration kLapse = seconds(30);
// And so long what was not accepted before, while others of the first requests are on their way: which of
// their replies is read first must not matter.
inline constexpr Duration kFirstFlight = seconds(2);
// And so long an operation on tables that is denied: a permission is not known everywhere at once, as above,
// and what is lost by a single denial may be a table's settings. No longer, as permissions that only settings
// take are often not given at all.
inline constexpr Duration kDenialMayPass = seconds(2);
// An item that its table refuses while it takes others is given up after some refusals alone, over at least
// so long: a hot partition cools within seconds, or is split within minutes.
inline constexpr Duration kAloneAtLeast = seconds(60);
// A table counts as throttled for so long after its last throttle.
inline constexpr Duration kThrottledFor = seconds(10);

// ---- what is said

// How things stand, and a trouble that goes on.
inline constexpr Duration kSayAgain = seconds(60);
// A trouble of a table that has another reason than before.
inline constexpr Duration kSayAnother = seconds(15);
// Troubles of several tables, together.
inline constexpr Duration kSayApart = seconds(5);
inline constexpr Duration kStateIsLate = seconds(60);
// A table has stored nothing for so long, and what came back is why: it is said within 3 s, as a person who
// watches waits no longer.
inline constexpr Duration kSayTrouble = milliseconds(1500);
static_assert(kSayTrouble + 2 * kTick < seconds(3));
// What is only waited for, as nothing has come back, may be slow and no trouble; after so long it is one, and
// a warning: whoever reads no more than warnings should not meet it as the sync's last word.
inline constexpr Duration kWarnOfSilence = seconds(15);
// A table that is created or deleted for so long: most take some ten seconds.
inline constexpr Duration kWarnOfTable = seconds(30);
// Of a throttle the cause is said, once; where no reply has told one, after so long.
inline constexpr Duration kCauseMayCome = seconds(2);
// And that nothing at all is stored, after so long: it is what a full table says all day.
inline constexpr Duration kSayThrottled = seconds(10);

}  // namespace ddb::times
