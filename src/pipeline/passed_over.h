// PassedOver: lines of stdin that were passed over: text that is no message, and messages of types that are
// not known; and STATEs that could not go out as they came. Said at the first of each, and counted in the
// end, so that nobody takes them for stored, with names that came from the source cut to what cannot hold
// data. Shared by all workers; any thread, and only for such lines.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/mutex.h"
#include "base/result.h"

namespace ddb {

class PassedOver {
 public:
  explicit PassedOver(Log& log) : log_(log) {}

  // `holds_state`: a STATE stands in it, which is passed over too.
  void NoteText(uint64_t line, bool holds_state = false);
  void NoteType(uint64_t line, std::string_view type);
  void NoteMendedState(uint64_t line);
  // The input has messages, of whatever type.
  void NoteMessages() { has_messages_.store(true, std::memory_order_relaxed); }
  // Of a type that is known.
  void NoteKnownMessages() { has_known_messages_.store(true, std::memory_order_relaxed); }

  // At the end: a WARN for each kind, with its count.
  void LogTotals();
  // At the end of the whole input: it had lines, and none was a message. Whatever wrote them is no source
  // that had nothing to send.
  std::optional<Error> WhyNoInput() const;
  // The input has lines, and none of them is a message of a type that is known.
  bool HasNoMessage() const;

 private:
  Log& log_;
  std::atomic<bool> has_messages_{false};
  std::atomic<bool> has_known_messages_{false};
  mutable Mutex mu_;
  uint64_t texts_ GUARDED_BY(mu_) = 0;
  uint64_t first_text_ GUARDED_BY(mu_) = 0;  // its line
  uint64_t states_in_texts_ GUARDED_BY(mu_) = 0;
  uint64_t unknown_ GUARDED_BY(mu_) = 0;
  uint64_t mended_states_ GUARDED_BY(mu_) = 0;
  std::map<std::string, uint64_t> types_ GUARDED_BY(mu_);  // the first few, as they are shown
};

// A message's type as a log shows it: letters, digits, _ and -, others as ?, and not many of them.
std::string ShownType(std::string_view type);

}  // namespace ddb
