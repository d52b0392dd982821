// StreamFinder: the stream that a message means, by the router, and the one of the message before, since most
// are of the same. Says it when a stream is found by its name alone. A part of RecordReader, on its worker's
// thread; shares the router and what was said already.
#pragma once

#include <optional>
#include <vector>

#include "airbyte/message.h"
#include "airbyte/stream_router.h"
#include "base/log.h"
#include "base/stream_id.h"
#include "delivery/run_plan.h"
#include "pipeline/first_of_stream.h"

namespace ddb {

class StreamFinder {
 public:
  StreamFinder(const RunPlan& plan, const StreamRouter& router, FirstOfStream& by_name_only, Log& log)
      : plan_(plan), router_(router), by_name_only_(by_name_only), log_(log) {}

  std::optional<StreamNo> Find(const StreamRef& stream) {
    if (last_stream_ && stream.name == last_id_.name &&
        (stream.ns ? last_id_.ns && *stream.ns == *last_id_.ns : !last_id_.ns)) {
      return last_stream_;
    }
    return FindAnother(stream);
  }
  // For an error: of the catalog, or whatever the source made of it, cut.
  StreamId Shown(const StreamRef& stream);
  // Of a message without a stream: those that it could mean, several or none.
  std::vector<StreamId> Candidates(const StreamRef& stream) const;

 private:
  std::optional<StreamNo> FindAnother(const StreamRef& stream);
  void NoteByNameOnly(StreamNo stream);

  const RunPlan& plan_;
  const StreamRouter& router_;
  FirstOfStream& by_name_only_;
  Log& log_;
  std::optional<StreamNo> last_stream_;
  StreamId last_id_;
};

}  // namespace ddb
