// Records: about a chunk of each data set, taken apart, for the stage benchmarks.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "messages.h"

namespace bench {

struct Record {
  std::string_view line;  // without its newline
  std::string_view data;  // in it
};

struct Records {
  std::string text;  // whole lines, followed by readable bytes
  std::vector<Record> records;
  size_t bytes = 0;  // of the lines
};

// `set`: 0 small, 1 medium, 2 large.
inline const Records& RecordsOf(int set) {
  static const auto make = [](std::string_view name, uint64_t count) {
    Records made;
    WriteMessages({.set = name, .records = count}, [&](std::string_view piece) { made.text += piece; });
    made.bytes = made.text.size();
    made.text.append(64, ' ');
    constexpr std::string_view kData = "\"data\":", kBehind = ",\"emitted_at\":";
    for (size_t at = 0; made.records.size() < count;) {
      const size_t end = made.text.find('\n', at);
      const std::string_view line = std::string_view(made.text).substr(at, end - at);
      const size_t data = line.find(kData) + kData.size();
      made.records.push_back({line, line.substr(data, line.rfind(kBehind) - data)});
      at = end + 1;
    }
    return made;
  };
  static const Records all[] = {make("small", 4000), make("medium", 1000), make("large", 125)};
  return all[set];
}
inline const char* SetName(int set) { return set == 0 ? "small" : set == 1 ? "medium" : "large"; }

}  // namespace bench
