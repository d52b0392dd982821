#include "airbyte/line_shape.h"

#include <utility>

namespace ddb {

BrokenValue::Is BrokenValue::Step(char c, OpenLevels& levels) {
  if (c == '\0') return Is::kUncertain;
  const bool is_first = !std::exchange(is_begun_, true);
  const bool is_outermost = levels.depth() == outside_;
  if (quote_ != 0) {
    if (is_escaped_) {
      is_escaped_ = false;
    } else if (c == '\\') {
      is_escaped_ = true;
    } else if (c == quote_) {
      quote_ = 0;
      return is_outermost ? Is::kOver : Is::kGoesOn;
    }
    return Is::kGoesOn;
  }
  switch (c) {
    case '"':
    case '\'':
      quote_ = c;
      return is_outermost && !is_first ? Is::kUncertain : Is::kGoesOn;
    case '{':
    case '[':
      if (is_outermost && !is_first) return Is::kUncertain;
      return levels.Push(c == '{') ? Is::kGoesOn : Is::kUncertain;
    case '}':
    case ']':
      if (is_outermost) return Is::kOverBefore;
      if (levels.top_is_object() != (c == '}')) return Is::kUncertain;
      levels.Pop();
      return levels.depth() == outside_ ? Is::kOver : Is::kGoesOn;
    default:
      return is_outermost && c == ',' ? Is::kOverBefore : Is::kGoesOn;
  }
}

}  // namespace ddb
