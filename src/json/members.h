// members: walks over an object's members. In writing nearly all sources agree
// (`"name":`, no space), so a known name is compared at its place, which a branch predictor follows for free,
// instead of being measured first; any other writing takes the slow way to the same result. Worker thread.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

#include "json/scan.h"

namespace ddb::json {

// A member's name in its usual writing, with quotes and colon, as a template argument.
template <size_t N>
struct MemberName {
  char written[N + 2] = {};
  static constexpr size_t kWritten = N + 2;
  consteval MemberName(const char (&name)[N]) {
    written[0] = '"';
    for (size_t i = 0; i + 1 < N; ++i) written[i + 1] = name[i];
    written[N] = '"';
    written[N + 1] = ':';
  }
  constexpr std::string_view name() const { return {written + 1, N - 1}; }
};

// Behind `text` (a literal) if it stands at `p`, else nullptr.
template <size_t N>
inline const char* SkipExactly(const char* p, const char* end, const char (&text)[N], size_t size = N - 1) {
  return static_cast<size_t>(end - p) >= size && std::memcmp(p, text, size) == 0 ? p + size : nullptr;
}

inline const char* SkipMemberValue(const char* p, const char* end, Grammar grammar = Grammar::kJson) {
  const char* const behind_null = SkipExactly(p, end, "null");
  return behind_null != nullptr ? behind_null : SkipValue(p, end, grammar);
}

// A name in any writing, and its colon. `name` may stand in `scratch`. nullptr: not valid JSON.
const char* ReadMemberName(const char* p, const char* end, std::string& scratch, std::string_view& name,
                           Grammar grammar);

// Calls on_member(index, value) for each member of the object at `p` ('{'): the index of its name in kNames,
// or -1. It returns one past the value, as this does of the object. nullptr: not valid JSON.
template <MemberName... kNames, typename OnMember>
inline const char* ForEachMember(const char* p, const char* end, std::string& scratch, OnMember&& on_member,
                                 Grammar grammar = Grammar::kJson) {
  p = SkipWhitespace(p + 1, end);
  if (p < end && *p == '}') return p + 1;
  for (;;) {
    int index = 0;
    const char* value = nullptr;
    static_cast<void>(
        (((value = SkipExactly(p, end, kNames.written, kNames.kWritten)) != nullptr || (++index, false)) ||
         ...));
    if (value == nullptr) {
      std::string_view name;
      value = ReadMemberName(p, end, scratch, name, grammar);
      if (value == nullptr) return nullptr;
      index = 0;
      if (!((name == kNames.name() || (++index, false)) || ...)) index = -1;
    }
    value = SkipWhitespace(value, end);
    if (value >= end) return nullptr;
    p = on_member(index, value);
    if (p == nullptr) return nullptr;
    p = SkipWhitespace(p, end);
    if (p >= end) return nullptr;
    if (*p != ',') return *p == '}' ? p + 1 : nullptr;
    p = SkipWhitespace(p + 1, end);
  }
}

// Calls fn(name, value) for each member of an object that SkipValue has passed, by whatever grammar, and
// which is not doubted again. `inside` is behind its '{'; the value is its text without whitespace around it.
template <typename Fn>
inline void ForEachValidMember(const char* inside, const char* end, Fn&& fn) {
  const char* p = SkipWhitespace(inside, end);
  while (*p == '"') {
    const Name name = ReadName(p, end, Grammar::kLenient);
    const char* const value = SkipWhitespace(name.value, end);
    p = SkipValue(value, end, Grammar::kLenient);
    fn(name, std::string_view(value, static_cast<size_t>(p - value)));
    p = SkipWhitespace(p, end);
    if (*p == ',') p = SkipWhitespace(p + 1, end);
  }
}

// A member that should be text.
struct MemberText {
  enum Kind { kNull, kText, kOther };  // what is not UTF-8 is no text, nor half of a surrogate pair
  const char* next = nullptr;          // behind the value; nullptr: not valid JSON
  Kind kind = kOther;
  std::string_view text;  // in the line, or in the scratch if it had escapes
};
MemberText ReadText(const char* p, const char* end, std::string& scratch, Grammar grammar = Grammar::kJson);

}  // namespace ddb::json
