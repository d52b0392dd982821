#include "delivery/verdicts.h"

#include "base/times.h"

namespace ddb {
namespace {

using Kind = Action::Kind;

// Signing anew did not help this often in a row: the credentials are really expired, or the clock cannot be
// learnt.
constexpr uint32_t kMaxReauthentications = 8;
// An item that its table refuses while it takes others is given up after so many refusals alone, over at
// least times::kAloneAtLeast.
constexpr uint32_t kAloneRefusals = 10;

Action Fail(ItemSet all, Action::Failure why) {
  return {.kind = Kind::kFailTable, .items = all, .failure = why};
}

bool IsOverdue(const RefusalHistory& history, const DeliveryRules& rules, Instant now) {
  return history.first_refused != Instant{} && now - history.first_refused > rules.give_up;
}

// One more refusal of an overdue item that came alone is one too many.
bool IsLastRefusal(const RefusalHistory& history, Instant now) {
  return history.alone + 1 >= kAloneRefusals && now - history.first_alone >= times::kAloneAtLeast;
}

// `items` were not taken: they are sent again. Those that have waited for as long as a table may take nothing
// are sent alone from now on, so that whatever is wrong with one harms no other, and given up after enough of
// that.
void RetryRefused(const Batch& batch, ItemSet items, Reaction backoff, const DeliveryRules& rules,
                  Instant now, Actions& actions) {
  const bool came_alone = batch.items.size() == 1;
  const bool anew = items.size() < batch.items.size();
  ItemSet overdue;
  for (const size_t at : items) {
    if (IsOverdue(batch.items[at].history, rules, now)) overdue.Add(at);
  }
  if (came_alone) {
    // One that was sent although its table was known to take nothing says nothing of its item.
    const bool alone = !overdue.empty() && !batch.is_probe;
    if (alone && IsLastRefusal(batch.items[0].history, now)) {
      actions.Add(Fail(items, Action::Failure::kRefusedAlone));
      return;
    }
    actions.Add({.kind = Kind::kRetry, .items = items, .backoff = backoff, .refused = true, .alone = alone});
    return;
  }
  const ItemSet rest = items.Without(overdue);
  if (!overdue.empty())
    actions.Add(
        {.kind = Kind::kRetryEach, .items = overdue, .backoff = backoff, .anew = anew, .refused = true});
  if (!rest.empty())
    actions.Add({.kind = Kind::kRetry, .items = rest, .backoff = backoff, .anew = anew, .refused = true});
}

// Something in the request can never be stored: it is taken apart until that stands alone.
Action TakeApart(const Batch& batch, ItemSet all, ErrorCode code) {
  if (batch.items.size() > 1) return {.kind = Kind::kHalve, .items = all};
  if (batch.items[0].origin.letter) return Fail(all, Action::Failure::kLetter);
  return {.kind = code == ErrorCode::kItemTooLarge ? Kind::kShrink : Kind::kReject, .items = all};
}

// A refusal for good, of what was accepted before: for a while it may be a lapse, of the service's or of
// something on the way. Which reply of the first requests is read first must not matter.
bool MayBeALapse(const Batch& batch, const Answer& answer, Instant now) {
  const bool undecided = answer.first_flight && !answer.taken_before;
  // As far as is known here: it may have been replaced a moment ago, and the run have begun long before.
  const bool is_new = answer.code == ErrorCode::kResourceNotFound && !answer.taken_before;
  bool may_pass = answer.refuses_who_asks;
  switch (answer.code) {
    case ErrorCode::kAccessDenied:
    case ErrorCode::kKmsUnavailable:
      may_pass = may_pass || answer.taken_before || undecided;
      break;
    case ErrorCode::kResourceNotFound:
      may_pass = is_new;
      break;
    case ErrorCode::kUnknownOperation:  // a proxy's page, or a login's
      may_pass = (answer.taken_before || undecided) && answer.fault.fault != ReplyFault::kRefusedByName;
      break;
    default:
      break;
  }
  const bool short_lapse = undecided && !answer.refuses_who_asks && !is_new;
  const Duration lasts = short_lapse ? times::kFirstFlight : times::kLapse;
  return may_pass && (batch.refused_since == Instant{} || now - batch.refused_since < lasts);
}

}  // namespace

Actions Decide(const Batch& batch, const Answer& answer, const DeliveryRules& rules, Instant now) {
  const ItemSet all = ItemSet::First(batch.items.size());
  Actions actions;
  switch (answer.reaction) {
    case Reaction::kNone: {
      const ItemSet stored = all.Without(answer.unprocessed);
      if (!stored.empty()) actions.Add({.kind = Kind::kSettle, .items = stored});
      if (!answer.unprocessed.empty())
        RetryRefused(batch, answer.unprocessed, Reaction::kThrottle, rules, now, actions);
      break;
    }
    case Reaction::kRetry:
    case Reaction::kThrottle:
      RetryRefused(batch, all, answer.reaction, rules, now, actions);
      break;
    case Reaction::kReauthenticate:
      if (batch.reauthentications < kMaxReauthentications) {
        actions.Add({.kind = Kind::kRetry, .items = all, .backoff = Reaction::kReauthenticate});
      } else {
        actions.Add(Fail(all, Action::Failure::kVerdict));
      }
      break;
    case Reaction::kSplit:
    case Reaction::kRejectItem:
      actions.Add(TakeApart(batch, all, answer.code));
      break;
    case Reaction::kFailConfig:
      if (answer.code == ErrorCode::kResourceNotFound && now - rules.started < times::kTableMayBeUnknown) {
        actions.Add({.kind = Kind::kRetry, .items = all, .backoff = Reaction::kRetry});
        break;
      }
      [[fallthrough]];
    case Reaction::kFailSystem:
      if (MayBeALapse(batch, answer, now)) {
        actions.Add({.kind = Kind::kRetry, .items = all, .backoff = Reaction::kRetry, .lapse = true});
        break;
      }
      actions.Add(Fail(all, Action::Failure::kVerdict));
      break;
  }
  return actions;
}

}  // namespace ddb
