// What to make of a message whose type asks a destination for nothing, or is not known, and of an object that
// has none. The protocol wants such a message to be passed over; a record in it would be lost without a word,
// so a line with one is malformed, in whatever writing it has type and record. Called by MessageParser. Pure;
// any thread.
// https://docs.airbyte.com/understanding-airbyte/airbyte-protocol#airbytemessage
#pragma once

#include <string>
#include <string_view>

#include "airbyte/message.h"
#include "base/literal.h"

namespace ddb {

// How deep a record is looked for in what may be its wrapping.
inline constexpr int kLevelsToARecord = 4;

inline constexpr Text kRecordInAnotherType = "it holds a record, but its type is not RECORD";
inline constexpr Text kRecordInObject =
    "it holds a record, or a part of one, within another object; a message has to stand alone on its line";

// Types of messages that are for the platform or for sources: LOG, CONTROL and the like.
bool IsTypeForOthers(std::string_view type);

// Types of TRACEs; one of another may be an error in any writing.
bool IsTypeOfTrace(std::string_view type);

// A member, by its name and how its value begins, is the text of a line of a logger that writes JSON.
bool IsTextOfALogger(std::string_view name, char value);

// The value at `p` of a message that is valid JSON can hold no record: null, false, {}, [] or "".
bool IsEmptyValue(const char* p, const char* end);

// INCOMPLETE in any writing: no table is replaced by mistake then.
StreamStatus StatusNamed(std::string_view text);

// Whether a message, which is valid, has a record beside its member `record`: an object or a list that is
// called so in another writing. `inside`: or one level down, in whatever writing.
bool HoldsRecordBeside(const char* object, const char* end, bool inside);

// Whether a message, which is valid, has a stream's name and data side by side: beside its type, or in one of
// its members but `payload`.
bool HoldsBareRecord(const char* object, const char* end, std::string_view payload);

// Whether one of its members that are text, but a log's, holds a record, or a part of one.
bool HoldsRecordInText(const char* object, const char* end);

// Whether a message of one of those types, which is valid, says that the source has failed: a LOG that is
// FATAL, a CONNECTION_STATUS that is FAILED, in whatever writing; or that something went wrong: a LOG that is
// ERROR.
enum class Says { kNothing, kError, kFailed };
Says WhatItSaysOfItself(const char* object, const char* end);

struct UnknownMessage {
  std::string_view type;  // in the line, or in `scratch`
  Text reason;            // why the line is malformed, "": it is not
};
// Of an object that is valid JSON, with a type of text that is not known.
UnknownMessage LookAtUnknownMessage(const char* object, const char* end, std::string& scratch);

// Of an object that is valid JSON, without a type of text: why it is malformed. "": it is a line of a logger
// that writes JSON, among a source's messages, and text as any other.
Text WhyNoLogLine(const char* object, const char* end);

}  // namespace ddb
