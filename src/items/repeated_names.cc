#include "items/repeated_names.h"

#include <algorithm>
#include <deque>
#include <string>
#include <string_view>

#include "json/escape.h"
#include "json/scan.h"

namespace ddb {
namespace {

struct Name {
  std::string_view text;  // decoded
  const char* at;
};

struct Container {
  bool object;
  size_t first_name;  // of the names of all open objects, where this one's begin
};

class Finder {
 public:
  Finder(const char* end, int levels) : end_(end), max_levels_(static_cast<size_t>(levels)) {}

  std::vector<const char*> Run(const char* p) {
    for (;;) {
      p = json::SkipWhitespace(p, end_);
      if ((*p == '{' || *p == '[') && levels_.size() < max_levels_) {
        levels_.push_back({*p == '{', names_.size()});
        p = json::SkipWhitespace(p + 1, end_);
        if (*p != '}' && *p != ']') {
          p = ReadName(p);
          continue;
        }
      } else {
        p = json::SkipValue(p, end_, json::Grammar::kLenient);
      }
      while (!levels_.empty() && *(p = json::SkipWhitespace(p, end_)) != ',') {
        CloseLevel();
        ++p;
      }
      if (levels_.empty()) break;
      p = ReadName(p + 1);
    }
    std::sort(dropped_.begin(), dropped_.end());
    return std::move(dropped_);
  }

 private:
  // In an object: past the next name and its colon.
  const char* ReadName(const char* p) {
    if (!levels_.back().object) return p;
    p = json::SkipWhitespace(p, end_);
    const json::Name name = json::ReadName(p, end_, json::Grammar::kLenient);
    std::string_view text = name.raw;
    if (name.escaped) {
      json::Unescape(text, decoded_.emplace_back());
      text = decoded_.back();
    }
    names_.push_back({text, p});
    return name.value;
  }

  void CloseLevel() {
    const auto begin = names_.begin() + static_cast<ptrdiff_t>(levels_.back().first_name);
    if (levels_.back().object) {
      std::sort(begin, names_.end(), [](const Name& a, const Name& b) {
        return a.text != b.text ? a.text < b.text : a.at < b.at;
      });
      for (auto it = begin; it != names_.end() && it + 1 != names_.end(); ++it) {
        if (it->text == (it + 1)->text) dropped_.push_back(it->at);
      }
    }
    names_.erase(begin, names_.end());
    levels_.pop_back();
  }

  const char* const end_;
  const size_t max_levels_;
  std::vector<Container> levels_;
  std::vector<Name> names_;
  std::deque<std::string> decoded_;
  std::vector<const char*> dropped_;
};

}  // namespace

std::vector<const char*> FindRepeatedNames(const char* p, const char* end, int levels) {
  return Finder(end, levels).Run(p);
}

}  // namespace ddb
