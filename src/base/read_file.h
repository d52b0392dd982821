// ReadFile: a whole file that the user named (config, catalog). It may be a FIFO or a terminal that nobody
// writes to yet: a signal ends the wait. Main thread, before the run.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace ddb {

inline constexpr std::chrono::milliseconds kReadPatience{3000};
// The internal text of the error for a file of more than `max_bytes`.
inline constexpr std::string_view kFileTooLarge = "read: larger than the file may be";

// Where a signal came first (Signals::received()) there is an error too; it then needs no telling. The
// error's message is the reason alone, such as "No such file or directory". `on_wait`, if given, is called
// once when nothing has come for kReadPatience.
Result<std::string> ReadFile(const std::string& path, size_t max_bytes,
                             const std::function<void()>& on_wait = {});

// A text without the byte order mark that editors put in front.
std::string_view WithoutByteOrderMark(std::string_view text);

}  // namespace ddb
