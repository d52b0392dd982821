// message_signs: whether a RECORD, a STATE or a source's word that it has failed stands in a text that is no
// message itself: whole or cut off, behind progress or the time that a log's reader adds, encoded once more
// or in another language's writing. It goes by quoted words alone, beside a brace, so that no damage around
// them hides a record; a text that only quotes one is taken for one too, as a loss would be worse than that.
// Pure; called for odd lines only.
#pragma once

#include <string_view>

#include "base/literal.h"

namespace ddb {

// As logs of containers keep them, and whoever encodes them twice.
inline constexpr Text kMessageInString =
    "it holds a message, or a part of one, in a JSON string. Send the messages themselves (jq -r .log gives "
    "those that docker logs wrapped)";

struct MessageSigns {
  bool record = false;   // the word RECORD, or a key of it that holds something
  bool state = false;    // STATE as a type: "state":"running" is none
  bool failure = false;  // TRACE with ERROR, INCOMPLETE, FATAL, CONNECTION_STATUS with FAILED
  bool message() const { return record || state; }
};
MessageSigns FindMessageSigns(std::string_view text);

}  // namespace ddb
