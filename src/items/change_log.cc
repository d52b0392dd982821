#include "items/change_log.h"

#include <utility>

namespace ddb {

void ChangeLog::Clear() {
  changes_.clear();
  paths_ = unnamed_ = truncated_ = 0;
}

void ChangeLog::Add(ChangeKind kind, std::string_view path, TopField& top) {
  ++truncated_;
  if (paths_ < kMaxPaths && path.size() <= kMaxPathBytes) {
    ++paths_;
    changes_.push_back({std::string(path), kind});
    return;
  }
  if (std::exchange(top.noted, true)) return;
  if (changes_.size() > kMaxChanges) {
    ++unnamed_;
    return;
  }
  changes_.push_back({std::string(path.substr(0, top.length)), kind});
}

void AppendPathName(std::string_view name, std::string& path) {
  if (!path.empty()) path.push_back('.');
  for (const char c : name) {
    if (c == '.' || c == '[' || c == '\\') path.push_back('\\');
    path.push_back(c);
  }
}

}  // namespace ddb
