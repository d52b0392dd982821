// skim_state: where in a line LineSkim is, and the members that tell it what the line is. Values; for
// LineSkim.
#pragma once

#include <cstdint>

namespace ddb {

enum class SkimState : uint8_t {
  kLineBegin,
  kValue,       // a value has to follow
  kFirstValue,  // or the end of the list
  kFirstName,   // a member's name, or the end of the object
  kName,
  kBareName,  // without quotes
  kColon,
  kArrow,  // as Ruby has it, for a colon
  kBehindValue,
  kScalar,  // a number or a word
  kString,
  kEscape,
  kHex,
  kDone,  // behind the message
  kPlain,
  kBrokenValue,  // of a record's member: see BrokenValue
  kBroken,
};
// What a string or value is, when it is one of those that tell what the line is.
enum class SkimMember : uint8_t {
  kOther,
  kType,
  kOddType,
  kRecord,
  kOddRecord,
  kInnerRecord,
  kStream,  // of a record
  kNamespace,
  kState,
  kLog,
  kWords,  // an object in which a source may say that it has failed
  kLevel,  // of the message, of its log or of its connectionStatus
  kStatus,
  kTextOfALogger,
  kBareStream,  // as those of a record that has no wrapping
  kBareData,
};

}  // namespace ddb
