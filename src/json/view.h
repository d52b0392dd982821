// View: a value in a JSON text that has been found valid: kind, members, elements, text, whole numbers. For
// texts that are read once (a catalog), where only some members matter: what nobody asks for is passed over
// whatever its depth and however large its numbers are. Points into the text; a value; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "json/members.h"
#include "json/scan.h"

namespace ddb::json {

class View {
 public:
  View() = default;  // null

  // The one value of a text, behind which kPadding bytes are readable. nullopt: it is not valid JSON.
  static std::optional<View> Parse(std::string_view text);

  bool is_null() const { return text_.front() == 'n'; }
  bool is_text() const { return text_.front() == '"'; }
  bool is_list() const { return text_.front() == '['; }
  bool is_object() const { return text_.front() == '{'; }
  bool is_true() const { return text_.front() == 't'; }
  bool is_false() const { return text_.front() == 'f'; }

  // A list or an object with nothing in it.
  bool is_empty() const {
    return (is_list() || is_object()) &&
           SkipWhitespace(text_.data() + 1, text_.data() + text_.size()) == &text_.back();
  }

  // fn(name, View) for each member of an object, and for nothing else. A name with half of a surrogate pair
  // is given as it is written.
  template <typename Fn>
  void ForEachMember(Fn&& fn) const;
  // fn(View) for each element of a list, and for nothing else.
  template <typename Fn>
  void ForEachElement(Fn&& fn) const;

  // The last of this name; null where there is none.
  View Member(std::string_view name) const;
  // nullopt: it is no text, or one with half of a surrogate pair.
  std::optional<std::string> Text() const;
  // A number without a fraction, whichever way it is written: 12, 12.0, 1.2e1.
  std::optional<int64_t> Whole() const;

 private:
  explicit View(std::string_view text) : text_(text) {}

  std::string_view text_ = "null";
};

template <typename Fn>
void View::ForEachMember(Fn&& fn) const {
  if (!is_object()) return;
  std::string scratch;
  ForEachValidMember(text_.data() + 1, text_.data() + text_.size(), [&](const Name& name, auto value) {
    const bool unescaped = name.escaped && Unescape(name.raw, scratch);
    fn(unescaped ? std::string_view(scratch) : name.raw, View(value));
  });
}

template <typename Fn>
void View::ForEachElement(Fn&& fn) const {
  if (!is_list()) return;
  const char* const end = text_.data() + text_.size();
  const char* p = SkipWhitespace(text_.data() + 1, end);
  while (*p != ']') {
    const char* const behind = SkipValue(p, end);
    fn(View(std::string_view(p, static_cast<size_t>(behind - p))));
    p = SkipWhitespace(behind, end);
    if (*p == ',') p = SkipWhitespace(p + 1, end);
  }
}

}  // namespace ddb::json
