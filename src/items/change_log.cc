#include "items/change_log.h"

namespace ddb {

ChangeWords WordsFor(ChangeKind kind) {
  switch (kind) {
    case ChangeKind::kNumberPrecision:
    case ChangeKind::kNumberRange:
    case ChangeKind::kTooDeep:
      return {"TRUNCATED", "DESTINATION_FIELD_SIZE_LIMITATION"};
    case ChangeKind::kEmptyName:
    case ChangeKind::kNameTooLong:
    case ChangeKind::kLoneSurrogate:
      return {"TRUNCATED", "DESTINATION_SERIALIZATION_ERROR"};
    case ChangeKind::kItemTooLarge:
      break;
  }
  return {"NULLED", "DESTINATION_RECORD_SIZE_LIMITATION"};
}

void ChangeLog::Clear() {
  changes_.clear();
  paths_ = truncated_ = 0;
  has_last_top_ = false;
}

void ChangeLog::Add(ChangeKind kind, std::string_view path, std::string_view top) {
  ++truncated_;
  if (paths_ < kMaxPaths && path.size() <= kMaxPathBytes) {
    ++paths_;
    changes_.push_back({std::string(path), kind});
    return;
  }
  if (has_last_top_ && last_top_ == top) return;
  has_last_top_ = true;
  last_top_ = top;
  changes_.push_back({last_top_, kind});
}

void AppendPathName(std::string_view name, std::string& path) {
  if (!path.empty()) path.push_back('.');
  for (const char c : name) {
    if (c == '.' || c == '[' || c == '\\') path.push_back('\\');
    path.push_back(c);
  }
}

}  // namespace ddb
