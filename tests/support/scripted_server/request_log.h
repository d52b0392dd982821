// RequestLog: every request that arrived, with what was found in it, one JSON line each, in the order in
// which they were decided. Kept in memory for /__control/log, and in a file when one is named. Any thread.
#pragma once

#include <cstdio>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace scripted {

struct LogEntry {
  int connection = 0;
  double at_s = 0;  // monotonic
  std::string operation;
  std::map<std::string, int> tables;  // items of each
  size_t bytes = 0;
  int in_flight = 0;  // requests being served, this one included
  int stored = 0;
  int unprocessed = 0;
  int status = 0;                       // 0: no reply was sent
  std::string error;                    // name of the error in the reply
  std::string rule;                     // that decided it
  std::vector<std::string> violations;  // of the protocol, by the client
};

class RequestLog {
 public:
  explicit RequestLog(const std::string& file);  // "": memory only
  ~RequestLog();
  RequestLog(const RequestLog&) = delete;
  RequestLog& operator=(const RequestLog&) = delete;

  void Add(const LogEntry& entry);
  std::string Lines() const;

 private:
  mutable std::mutex mutex_;
  std::string lines_;
  int count_ = 0;
  FILE* file_ = nullptr;
};

}  // namespace scripted
