// Catalog: the configured streams of this run, checked before any table is touched.
// https://docs.airbyte.com/understanding-airbyte/airbyte-protocol#configuredairbytecatalog . Built once;
// read-only after.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/stream_id.h"

namespace ddb {

enum class DestinationSyncMode { kAppend, kOverwrite };

struct CatalogStream {
  StreamId id;
  DestinationSyncMode mode = DestinationSyncMode::kAppend;
  std::optional<int64_t> generation_id;
  std::optional<int64_t> minimum_generation_id;
  std::optional<int64_t> sync_id;
  // The fields of data in which the primary key and the cursor are: the configured ones, else the source's.
  std::vector<std::string> key_fields;
};

struct Catalog {
  std::vector<CatalogStream> streams;
  std::vector<std::string> warnings;  // each is one WARN
};

// Every finding is a config_error that names the stream and the remedy. Explicit nulls count as absent;
// platform_terms says what becomes of each member. `on_wait`: as of ReadFile.
Result<Catalog> LoadCatalog(const std::string& path, size_t memory_bytes,
                            const std::function<void()>& on_wait = {});
Result<Catalog> ParseCatalog(std::string json);

// Streams by (namespace, name): exactly, then with a null namespace and "" taken as one. Nothing where it is
// not in the catalog. Lock-free after construction; any thread. Keeps its own texts.
class StreamIndex {
 public:
  explicit StreamIndex(std::vector<StreamId> streams);
  const std::vector<StreamId>& streams() const { return streams_; }
  std::optional<StreamNo> Find(std::optional<std::string_view> ns, std::string_view name) const;

 private:
  struct Slot {
    uint64_t hash = 0;
    std::optional<StreamNo> stream = {};  // absent: free
  };

  std::vector<StreamId> streams_;
  std::vector<Slot> slots_;  // open addressing; a power of two, at least half of them free
};

}  // namespace ddb
