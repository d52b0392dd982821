#include "airbyte/stream_router.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace ddb {

StreamRouter::StreamRouter(std::vector<StreamId> the_streams) : index_(std::move(the_streams)) {
  const std::vector<StreamId>& streams = index_.streams();
  for (size_t i = 0; i < streams.size(); ++i) {
    if (streams[i].ns && !streams[i].ns->empty()) by_name_.emplace_back(i);
  }
  std::ranges::sort(by_name_, {}, [&streams](StreamNo no) {
    return std::pair<std::string_view, size_t>(streams[no.value()].name, no.value());
  });
}

StreamRouter::Route StreamRouter::Find(const StreamRef& message) const {
  if (const std::optional<StreamNo> exact = index_.Find(message.ns, message.name)) return {exact, false};
  const std::vector<StreamNo> candidates = Candidates(message);
  if (candidates.size() != 1) return {};
  return {candidates.front(), true};
}

std::vector<StreamNo> StreamRouter::Candidates(const StreamRef& message) const {
  if (message.ns && !message.ns->empty()) return {};
  const auto name_of = [this](StreamNo no) -> std::string_view { return index_.streams()[no.value()].name; };
  const auto alike = std::ranges::equal_range(by_name_, message.name, {}, name_of);
  return {alike.begin(), alike.end()};
}

}  // namespace ddb
