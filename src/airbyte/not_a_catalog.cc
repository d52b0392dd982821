#include "airbyte/not_a_catalog.h"

#include "base/text.h"
#include "json/mistakes.h"

namespace ddb {
namespace {

using json::View;

constexpr size_t kMaxNameBytes = 100;
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

}  // namespace

std::string InsteadOfACatalog(const View& top) {
  if (!top.is_object()) return "it is not a JSON object. " + std::string(kConfigured);
  if (LooksDiscovered(top.Member("streams"))) {
    return "it is a discovered catalog, as a source's discover prints it, and not a configured one. " +
           std::string(kConfigured);
  }
  if (!top.Member("streams").is_null()) return {};
  if (LooksDiscovered(top.Member("catalog").Member("streams"))) {
    return "it is the message with the discovered catalog that a source's discover prints, and not a "
           "configured catalog. " +
           std::string(kConfigured);
  }
  if (LooksLikeAConfig(top)) return "it is a config. Are --config and --catalog exchanged?";
  std::string wrapped;
  top.ForEachMember([&](std::string_view name, View value) {
    if (!wrapped.empty() || !value.Member("streams").is_list()) return;
    wrapped = "it is wrapped in \"" + ShortText(name, kMaxNameBytes) + "\". Give the object inside.";
  });
  return wrapped;
}

std::string NotJson(std::string_view text) {
  const std::string why = json::WhyNotJson(text);
  return why.empty() ? "it is not valid JSON." : "it is not valid JSON: " + why + ".";
}

}  // namespace ddb
