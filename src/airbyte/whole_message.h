// whole_message: whether a RECORD or STATE stands whole in a text that is no message itself: behind progress
// without a line's end, behind the time that a log's reader adds, in a JSON string. The source meant it as a
// message, so its line must not be passed over as text. A text that only quotes one (its type, a part of it)
// is text. Pure; called for odd lines only.
#pragma once

#include <string_view>

#include "base/literal.h"

namespace ddb {

// As logs of containers keep them, and whoever encodes them twice.
inline constexpr Text kMessageInString =
    "it holds a message in a JSON string. Send the messages themselves (jq -r .log gives those that docker "
    "logs "
    "wrapped)";

// `text` is followed by json::kPadding readable bytes, as for the functions of json/scan.
bool HoldsWholeMessage(std::string_view text);

// Of the inside of a JSON string, with its escapes: it is a whole message and nothing else.
bool IsEscapedMessage(std::string_view raw);

}  // namespace ddb
