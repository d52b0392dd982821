#include "json/members.h"

namespace ddb::json {

const char* ReadMemberName(const char* p, const char* end, std::string& scratch, std::string_view& name,
                           Grammar grammar) {
  const Name read = ReadName(p, end, grammar);
  // A name that has no UTF-8 is none that is looked for.
  name = !read.escaped                 ? read.raw
         : Unescape(read.raw, scratch) ? std::string_view(scratch)
                                       : std::string_view();
  return read.value;
}

MemberText ReadText(const char* p, const char* end, std::string& scratch, Grammar grammar) {
  if (*p != '"') {
    return {SkipMemberValue(p, end, grammar), *p == 'n' ? MemberText::kNull : MemberText::kOther, {}};
  }
  const StringToken token = SkipString(p + 1, end, grammar);
  if (token.next == nullptr) return {};
  const std::string_view raw(p + 1, static_cast<size_t>(token.next - p - 2));
  if (grammar == Grammar::kLenient && !ValidUtf8(raw.data(), raw.data() + raw.size())) {
    return {token.next, MemberText::kOther, {}};
  }
  if (!token.escaped) return {token.next, MemberText::kText, raw};
  if (!Unescape(raw, scratch)) return {token.next, MemberText::kOther, {}};
  return {token.next, MemberText::kText, scratch};
}

}  // namespace ddb::json
