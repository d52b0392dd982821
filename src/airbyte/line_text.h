// LineText: the line that is being parsed, and the ways to read in it: shared by LineParser, which reads
// messages and their records, and by message_payloads. Worker thread.
#pragma once

#include <string>

#include "airbyte/message_parser.h"
#include "json/members.h"

namespace ddb {

struct LineText {
  const char* const begin;
  const char* const end;
  const json::Grammar grammar;
  MessageParser::Scratch& scratch;

  template <json::MemberName... kNames, typename OnMember>
  const char* Members(const char* p, OnMember&& on_member) const {
    return json::ForEachMember<kNames...>(p, end, scratch.other, on_member, grammar);
  }
  const char* Skip(const char* p) const { return json::SkipMemberValue(p, end, grammar); }
  json::MemberText Read(const char* p, std::string& room) const {
    return json::ReadText(p, end, room, grammar);
  }
};

}  // namespace ddb
