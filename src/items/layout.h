// Layout: which attributes an item has beside what they hold, and which of them are its table's keys, as one
// value: the encoder, what makes an item smaller, the bound on its growth, dead letters and the definition of
// the tables all take it from here, so that another layout is another value. Pure; any thread.
#pragma once

#include <optional>
#include <string_view>

namespace ddb {

struct Layout {
  struct Attribute {
    std::string_view name;
    char type = 'S';  // S, N or M
  };

  // Every item has these.
  Attribute data;        // the record's data
  Attribute id;          // a uuid of the item's own
  Attribute sync_time;   // when the run began, ms since 1970: one for all its items
  Attribute emitted_at;  // the digits that were sent
  // And these only when they mean something.
  Attribute generation_id;  // when the catalog carries one
  Attribute meta;           // when there are changes

  // The keys of its table, which are among them.
  Attribute hash;
  std::optional<Attribute> range;
};

// Layout `raw`: the four attributes that users of the connector know, and the two that appear only when they
// mean something.
constexpr Layout RawLayout() {
  constexpr Layout::Attribute kId{"_airbyte_ab_id", 'S'};
  constexpr Layout::Attribute kSyncTime{"sync_time", 'N'};
  return {.data = {"_airbyte_data", 'M'},
          .id = kId,
          .sync_time = kSyncTime,
          .emitted_at = {"_airbyte_emitted_at", 'N'},
          .generation_id = {"_airbyte_generation_id", 'N'},
          .meta = {"_airbyte_meta", 'M'},
          .hash = kId,
          .range = kSyncTime};
}

}  // namespace ddb
