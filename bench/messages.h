// Messages: Airbyte messages to measure with, the same for the same arguments on every machine: RECORD lines
// in the key order of Airbyte's Python sources, spread over the streams (bench, or bench_0 ...) record by
// record at random; a STATE of the record's stream after every `state_every` records; at the end one STATE
// and one COMPLETE per stream.
//   small    8 flat members, about 155 bytes of data
//   medium   nested, escapes, UTF-8, about 910 bytes
//   large    42 nested events and a text, about 8.1 KB
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace bench {

struct Messages {
  std::string_view set = "small";
  uint64_t records = 0;
  uint64_t streams = 1;      // at most 1000
  uint64_t state_every = 0;  // 0: only at the end
  uint64_t seed = 1;
};

bool KnownSet(std::string_view set);
// Hands the lines over in pieces of about 1 MiB, whole lines each.
void WriteMessages(const Messages& messages, const std::function<void(std::string_view)>& write);
// The configured catalog that names the streams: incremental, append.
std::string CatalogOf(const Messages& messages);

}  // namespace bench
