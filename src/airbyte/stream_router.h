// StreamRouter: which stream of the catalog a message means: for RECORDs, STATEs and statuses alike, so that
// a STATE covers what was written as its stream's. By namespace and name (StreamIndex); a message without a
// namespace means the only stream of that name where the catalog has it in a namespace (a source that reads
// from a cache forgets it), and none where there are several: guessing would mix their rows. Lock-free after
// construction; any thread.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "airbyte/catalog.h"
#include "airbyte/message.h"
#include "base/stream_id.h"

namespace ddb {

class StreamRouter {
 public:
  explicit StreamRouter(std::vector<StreamId> streams);

  struct Route {
    std::optional<StreamNo> stream;
    bool by_name_only = false;  // the message has no namespace, and the stream has
  };
  Route Find(const StreamRef& message) const;
  // Of a message without a route: those that it could mean, in order of the catalog. Two, or more, or none.
  std::vector<StreamNo> Candidates(const StreamRef& message) const;

 private:
  const StreamIndex index_;
  std::vector<StreamNo> by_name_;  // those with a namespace, sorted by name
};

}  // namespace ddb
