#include "airbyte/message_json.h"

#include <array>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "json/document.h"

namespace ddb {
namespace {

using json::Document;

constexpr std::array<std::string_view, 6> kLevelNames = {"FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE"};

std::string_view FailureTypeName(FailureType type) {
  switch (type) {
    case FailureType::kConfig:
      return "config_error";
    case FailureType::kTransient:
      return "transient_error";
    case FailureType::kSystem:
      break;
  }
  return "system_error";
}

}  // namespace

std::string LogMessage(LogLevel level, std::string_view message) {
  return json::Serialize(
      {{"type", "LOG"}, {"log", {{"level", kLevelNames[static_cast<size_t>(level)]}, {"message", message}}}});
}

std::string TraceErrorMessage(const Error& error, int64_t emitted_at_millis) {
  Document body = {{"failure_type", FailureTypeName(error.type)},
                   {"message", error.message},
                   {"internal_message", error.internal},
                   {"stack_trace", error.trail}};
  if (error.stream) {
    Document& stream = body["stream_descriptor"];
    stream["name"] = error.stream->name;
    if (error.stream->ns) stream["namespace"] = *error.stream->ns;
  }
  // The protocol asks for numbers with a decimal point.
  return json::Serialize({{"type", "TRACE"},
                          {"trace",
                           {{"type", "ERROR"},
                            {"emitted_at", static_cast<double>(emitted_at_millis)},
                            {"error", std::move(body)}}}});
}

std::string ConnectionStatusMessage(bool succeeded, std::string_view message) {
  Document status = {{"status", succeeded ? "SUCCEEDED" : "FAILED"}};
  if (!message.empty()) status["message"] = message;
  return json::Serialize({{"type", "CONNECTION_STATUS"}, {"connectionStatus", std::move(status)}});
}

std::string SpecMessage(std::string_view spec_json) {
  return json::Serialize({{"type", "SPEC"}, {"spec", Document::parse(spec_json)}});
}

LogLevel ParseLogLevel(std::string_view text) {
  const std::string upper = ToUpper(text);
  for (size_t i = 0; i < kLevelNames.size(); ++i) {
    if (upper == kLevelNames[i]) return static_cast<LogLevel>(i);
  }
  return LogLevel::kInfo;
}

}  // namespace ddb
