#include "airbyte/not_a_catalog.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "json/mistakes.h"
#include "json/padding.h"

namespace ddb {
namespace {

using json::View;
using std::string_view_literals::operator""sv;

constexpr std::string_view kConfigured =
    "A configured catalog says for each stream how to write it: {\"streams\":[{\"stream\":{...},"
    "\"sync_mode\":...,\"destination_sync_mode\":...}]}.";

bool LooksDiscovered(const View& streams) {
  bool any = false;
  bool all = true;
  streams.ForEachElement([&](View entry) {
    any = true;
    all = all && entry.Member("stream").is_null() && entry.Member("name").is_text();
  });
  return any && all;
}

bool LooksLikeAConfig(const View& top) {
  for (const std::string_view key : {"dynamodb_region", "dynamodb_table_name_prefix", "access_key_id",
                                     "secret_access_key", "dynamodb_endpoint", "connectionConfiguration"}) {
    if (!top.Member(key).is_null()) return true;
  }
  return false;
}

// A STATE's line, or what is inside it, alone or in a list: what a platform keeps.
bool LooksLikeAState(const View& top) {
  const View state = top.Member("state").is_null() ? top : top.Member("state");
  bool is_state = top.Member("type").Text() == "STATE" ||
                  !state.Member("stream").Member("stream_descriptor").is_null() ||
                  state.Member("global").is_object();
  bool first = true;
  top.ForEachElement([&](View element) {
    if (std::exchange(first, false)) is_state = LooksLikeAState(element);
  });
  return is_state;
}

// What a source's discover prints: lines of messages, one of them with the catalog.
bool HasCatalogAmongLines(std::string_view text) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string line(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    const size_t size = line.size();
    line.append(json::kPadding, ' ');
    const std::optional<View> message = View::Parse(std::string_view(line).substr(0, size));
    if (message && message->Member("type").Text() == "CATALOG") return true;
  }
  return false;
}

constexpr std::string_view kDiscovered =
    "it is what a source's discover prints: the message with the discovered catalog, and not a configured "
    "catalog. ";

}  // namespace

std::string InsteadOfACatalog(const View& top) {
  if (LooksLikeAState(top)) return "it is a state, as a source sends it. " + std::string(kConfigured);
  if (!top.is_object()) return "it is not a JSON object. " + std::string(kConfigured);
  if (LooksDiscovered(top.Member("streams"))) {
    return "it is a discovered catalog, as a source's discover prints it, and not a configured one. " +
           std::string(kConfigured);
  }
  if (!top.Member("streams").is_null()) return {};
  if (LooksDiscovered(top.Member("catalog").Member("streams"))) {
    return std::string(kDiscovered) + std::string(kConfigured);
  }
  if (const std::optional<std::string> type = top.Member("type").Text();
      type && top.Member("catalog").is_null()) {
    for (const std::string_view known :
         {"SPEC"sv, "RECORD"sv, "LOG"sv, "TRACE"sv, "CONTROL"sv, "CONNECTION_STATUS"sv}) {
      if (*type == known) {
        return "it is a message of type " + std::string(known) + ", as a connector prints it. " +
               std::string(kConfigured);
      }
    }
  }
  if (LooksLikeAConfig(top)) return "it is a config. Are --config and --catalog exchanged?";
  std::string wrapped;
  top.ForEachMember([&](std::string_view name, View value) {
    if (!wrapped.empty() || !value.Member("streams").is_list()) return;
    wrapped = "it is wrapped in \"" + ShortText(name, kShownNameBytes) + "\". Give the object inside.";
  });
  return wrapped;
}

std::string NotJson(std::string_view text) {
  if (HasCatalogAmongLines(text)) return std::string(kDiscovered) + std::string(kConfigured);
  const std::string why = json::WhyNotJson(text);
  return why.empty() ? "it is not valid JSON." : "it is not valid JSON: " + why + ".";
}

}  // namespace ddb
