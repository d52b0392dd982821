#include "pipeline/line_errors.h"

#include <fmt/format.h>

#include <utility>

#include "airbyte/message.h"
#include "base/text.h"

namespace ddb {
namespace {

constexpr size_t kNamedNamespaces = 5;

}  // namespace

Error BadLineError(uint64_t line, Text reason, const StreamId* of) {
  Error error = SystemError(fmt::format("Line {} of the input cannot be used: {}.", line, reason),
                            fmt::format("stdin, line {}: {}", line, reason));
  if (of != nullptr) {
    error.message = fmt::format("Line {} of the input, a record of stream {}, cannot be used: {}.", line,
                                of->Display(), reason);
    error.stream = *of;
  }
  if (reason == kComesWithAFile) error.type = FailureType::kConfig;  // the connection's settings ask for it
  return error;
}

Error OtherInputError(uint64_t line, Text reason) {
  return ConfigError(fmt::format("Line {} of the input cannot be used: {}.", line, reason),
                     fmt::format("stdin, line {}: not lines of messages", line));
}

Error LongLineError(uint64_t line, const SkimmedLine& skimmed, const StreamId* of, size_t limit,
                    bool may_skip) {
  std::string what;
  if (of != nullptr) {
    what = fmt::format(", a record of stream {},", of->Display());
  } else if (skimmed.kind == LineKind::kState) {
    what = ", a STATE,";
  }
  constexpr uint64_t kMegabyte = 1 << 20;
  const std::string to =
      skimmed.needs > 0 ? fmt::format(" to {} or more", (skimmed.needs + kMegabyte - 1) / kMegabyte) : "";
  Error error = ConfigError(
      fmt::format("Line {} of the input{} has {}{} bytes, for which the memory of {} MB is too small. Raise "
                  "max_memory_mb{}{}.",
                  line, what, skimmed.is_whole ? "" : "more than ", skimmed.bytes, limit / kMegabyte, to,
                  may_skip ? ", or set on_rejected_record to skip" : ""),
      fmt::format("stdin, line {}: no room in the memory budget", line));
  if (of != nullptr) error.stream = *of;
  return error;
}

Error SeveralStreamsError(uint64_t line, Text what, const std::vector<StreamId>& candidates) {
  std::string namespaces;
  for (size_t i = 0; i < candidates.size() && i < kNamedNamespaces; ++i) {
    namespaces += (i > 0 ? ", " : "") + ShortText(*candidates[i].ns);
  }
  if (candidates.size() > kNamedNamespaces) {
    namespaces += fmt::format(" and {} more", candidates.size() - kNamedNamespaces);
  }
  const std::string name = ShortText(candidates.front().name);
  Error error = ConfigError(
      fmt::format("Line {} of the input, {} of stream {}, has no namespace, and the catalog has streams of "
                  "that name in "
                  "several: {}. Let the source send the namespace, or sync one of them at a time.",
                  line, what, name, namespaces),
      fmt::format("stdin, line {}: a stream's name without its namespace", line));
  error.stream = StreamId{std::nullopt, name};
  return error;
}

}  // namespace ddb
