// Log: where LOG messages for the platform's user go. The real one is airbyte/message_writer (stdout); tests
// collect. Any thread. No data value, key value, secret or server text is ever passed in.
#pragma once

#include <string>
#include <utility>

namespace ddb {

// Airbyte's levels, most severe first.
// https://docs.airbyte.com/understanding-airbyte/airbyte-protocol#airbytelogmessage
enum class LogLevel { kFatal, kError, kWarn, kInfo, kDebug, kTrace };

class Log {
 public:
  virtual ~Log() = default;
  virtual void Write(LogLevel level, std::string message) = 0;

  void Warn(std::string message) { Write(LogLevel::kWarn, std::move(message)); }
  void Info(std::string message) { Write(LogLevel::kInfo, std::move(message)); }
};

}  // namespace ddb
