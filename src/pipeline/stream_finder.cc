#include "pipeline/stream_finder.h"

#include <fmt/format.h>

#include "base/text.h"

namespace ddb {

std::optional<StreamNo> StreamFinder::FindAnother(const StreamRef& stream) {
  const StreamRouter::Route route = router_.Find(stream);
  if (route.by_name_only) NoteByNameOnly(*route.stream);
  last_stream_ = route.stream;
  last_id_.name.assign(stream.name);
  if (stream.ns) {
    last_id_.ns.emplace(*stream.ns);
  } else {
    last_id_.ns.reset();
  }
  return last_stream_;
}

void StreamFinder::NoteByNameOnly(StreamNo stream) {
  const StreamId& id = plan_.streams[stream].id;
  switch (by_name_only_.About(stream)) {
    case FirstOfStream::Say::kNothing:
      return;
    case FirstOfStream::Say::kIt:
      log_.Warn(fmt::format(
          "Messages of stream {} come without a namespace. They are taken for {}, the only stream of "
          "that name in the catalog.",
          ShortText(id.name), id.Display()));
      return;
    case FirstOfStream::Say::kThatThereAreMore:
      log_.Warn(
          "Messages of more streams come without a namespace, and are taken for the only ones of their "
          "names.");
  }
}

StreamId StreamFinder::Shown(const StreamRef& stream) {
  if (const std::optional<StreamNo> known = Find(stream)) return plan_.streams[*known].id;
  StreamId id;
  if (stream.ns) id.ns = ShortText(*stream.ns);
  id.name = ShortText(stream.name);
  return id;
}

std::vector<StreamId> StreamFinder::Candidates(const StreamRef& stream) const {
  std::vector<StreamId> candidates;
  for (const StreamNo no : router_.Candidates(stream)) candidates.push_back(plan_.streams[no].id);
  return candidates;
}

}  // namespace ddb
