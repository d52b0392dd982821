// StreamId: an Airbyte stream's (namespace, name), as the catalog, records, STATEs and statuses name it.
// Value; any thread.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/numbered.h"
#include "base/text.h"

namespace ddb {

// A stream of the catalog: its place there.
struct StreamTag;
using StreamNo = Ordinal<StreamTag>;

struct StreamId {
  std::optional<std::string> ns;  // null is not the same as ""
  std::string name;

  bool operator==(const StreamId&) const = default;
  auto operator<=>(const StreamId&) const = default;
  // For people: "public.users", or "users" without a namespace; long names are cut.
  std::string Display() const {
    return ns && !ns->empty() ? ShortText(*ns) + "." + ShortText(name) : ShortText(name);
  }
};

}  // namespace ddb
