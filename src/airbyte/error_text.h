// error_text: whether a line that is no message sounds like a program that goes wrong: what interpreters and
// runtimes print as they end, or a logger's level. It is a guess, and so asked only where nothing came of the
// source behind such a line, and where the safe side is to leave old data alone. Called by RecordReader for
// lines of text. Pure.
#pragma once

#include <string_view>

namespace ddb {

bool SoundsLikeAnError(std::string_view text);

}  // namespace ddb
