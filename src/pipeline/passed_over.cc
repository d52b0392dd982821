#include "pipeline/passed_over.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace ddb {
namespace {

constexpr size_t kMostTypes = 5;
constexpr size_t kMostOfAType = 40;  // characters

std::string Lines(uint64_t count) { return fmt::format("{} line{}", count, count == 1 ? "" : "s"); }

}  // namespace

std::string ShownType(std::string_view type) {
  std::string shown(type.substr(0, kMostOfAType));
  for (char& c : shown) {
    if (!IsAlnum(c) && c != '_' && c != '-') c = '?';
  }
  if (type.size() > kMostOfAType) shown += "...";
  return shown.empty() ? "(empty)" : shown;
}

void PassedOver::NoteText(uint64_t line, bool holds_state) {
  bool is_first = false;
  bool is_first_with_state = false;
  {
    MutexLock lock(mu_);
    is_first = ++texts_ == 1;
    first_text_ = is_first ? line : std::min(first_text_, line);
    is_first_with_state = holds_state && ++states_in_texts_ == 1;
  }
  if (is_first) {
    log_.Warn(fmt::format(
        "Line {} of the input is text, not a message (it does not begin with {{, or is a line of a log in "
        "JSON), and is passed over. So is every other line like it; their number is told in the end.",
        line));
  }
  if (is_first_with_state) {
    log_.Warn(fmt::format(
        "Line {} of the input is text with a STATE in it, which is passed over with the text. If the source "
        "meant it, this checkpoint is not acknowledged: the next one of its stream is, and without one the "
        "records before it are sent again by the next sync. A message has to stand whole and alone on its "
        "line; let the source write its log to stderr. The number of such lines is told in the end.",
        line));
  }
}

void PassedOver::NoteType(uint64_t line, std::string_view type) {
  const std::string shown = ShownType(type);
  {
    MutexLock lock(mu_);
    const bool first = ++unknown_ == 1;
    const auto known = types_.find(shown);
    if (known != types_.end()) {
      ++known->second;
    } else if (types_.size() < kMostTypes) {
      types_[shown] = 1;
    }
    if (!first) return;
  }
  log_.Warn(fmt::format(
      "Line {} of the input is a message of a type that is not known ({}), and is passed over. So is "
      "every other message of an unknown type that holds no record; their types and number are told "
      "in the end.",
      line, shown));
}

void PassedOver::NoteMendedState(uint64_t line) {
  {
    MutexLock lock(mu_);
    if (++mended_states_ > 1) return;
  }
  log_.Warn(
      fmt::format("Line {} of the input is a STATE that is no JSON: it has bytes that are not UTF-8, or NaN "
                  "or an infinity as "
                  "a bare word. It goes out with U+FFFD for what is no character, and with such words as "
                  "text, and so does "
                  "every other one like it; their number is told in the end.",
                  line));
}

void PassedOver::LogTotals() {
  MutexLock lock(mu_);
  if (mended_states_ > 0) {
    log_.Warn(
        fmt::format("{} STATE{} no JSON, and went out with U+FFFD for what is no character, and with NaN "
                    "and infinities as text.",
                    mended_states_, mended_states_ == 1 ? " was" : "s were"));
  }
  if (texts_ > 0) {
    log_.Warn(
        fmt::format("{} of the input {} text, not messages, and {} passed over, the first of them line {}.",
                    Lines(texts_), texts_ == 1 ? "is" : "are", texts_ == 1 ? "was" : "were", first_text_));
  }
  if (states_in_texts_ > 0) {
    log_.Warn(fmt::format("{} of text had a STATE in {}, which was passed over too.", Lines(states_in_texts_),
                          states_in_texts_ == 1 ? "it" : "them"));
  }
  if (unknown_ == 0) return;
  std::string types;
  uint64_t named = 0;
  for (const auto& [type, count] : types_) {
    types += fmt::format("{}{} ({})", types.empty() ? "" : ", ", type, count);
    named += count;
  }
  if (named < unknown_) types += fmt::format(", others ({})", unknown_ - named);
  log_.Warn(fmt::format("{} of the input {} a type that is not known and {} passed over: {}.",
                        Lines(unknown_), unknown_ == 1 ? "has" : "have", unknown_ == 1 ? "was" : "were",
                        types));
}

bool PassedOver::HasNoMessage() const {
  MutexLock lock(mu_);
  return texts_ + unknown_ > 0 && !has_known_messages_.load(std::memory_order_relaxed);
}

std::optional<Error> PassedOver::WhyNoInput() const {
  MutexLock lock(mu_);
  if (texts_ == 0 || has_messages_.load(std::memory_order_relaxed)) return std::nullopt;
  return SystemError(
      fmt::format(
          "The input has {} of text and no Airbyte message, so nothing was synced. See what the source "
          "printed: it may have failed, or it does not print messages.",
          Lines(texts_)),
      "stdin: no line is a message");
}

}  // namespace ddb
