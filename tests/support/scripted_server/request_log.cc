#include "scripted_server/request_log.h"

#include <nlohmann/json.hpp>

namespace scripted {

RequestLog::RequestLog(const std::string& file) {
  if (!file.empty()) file_ = fopen(file.c_str(), "we");
}

RequestLog::~RequestLog() {
  if (file_ != nullptr) fclose(file_);
}

void RequestLog::Add(const LogEntry& entry) {
  nlohmann::json line = {{"connection", entry.connection},
                         {"t", entry.at_s},
                         {"operation", entry.operation},
                         {"tables", entry.tables},
                         {"bytes", entry.bytes},
                         {"in_flight", entry.in_flight},
                         {"stored", entry.stored},
                         {"unprocessed", entry.unprocessed},
                         {"status", entry.status},
                         {"error", entry.error},
                         {"rule", entry.rule},
                         {"violations", entry.violations}};
  std::lock_guard lock(mutex_);
  line["n"] = ++count_;
  std::string text = line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  lines_ += text;
  if (file_ != nullptr) {
    fwrite(text.data(), 1, text.size(), file_);
    fflush(file_);
  }
}

std::string RequestLog::Lines() const {
  std::lock_guard lock(mutex_);
  return lines_;
}

}  // namespace scripted
