// message_json: the messages that this program itself says, as lines without their newline: LOG, TRACE ERROR,
// CONNECTION_STATUS, SPEC. (A STATE is the source's own line: state_line.) Pure; any thread.
// https://docs.airbyte.com/understanding-airbyte/airbyte-protocol
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/log.h"
#include "base/result.h"

namespace ddb {

std::string LogMessage(LogLevel level, std::string_view message);
std::string TraceErrorMessage(const Error& error, int64_t emitted_at_millis);
std::string ConnectionStatusMessage(bool succeeded, std::string_view message);
std::string SpecMessage(std::string_view spec_json);  // valid JSON in any layout

LogLevel ParseLogLevel(std::string_view text);  // LOG_LEVEL in any case; kInfo for anything unknown

}  // namespace ddb
