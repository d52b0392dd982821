// Document: the JSON that this program writes outside records (messages, the control plane's requests), by a
// library: nlohmann's ordered_json, which keeps the members' order. Only those few .cc files that build a
// document include <nlohmann/json.hpp>: it costs seconds of compile time (scripts/check-layers). Values; any
// thread.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace ddb::json {

using Document = nlohmann::ordered_json;

// On one line. What is not UTF-8 becomes U+FFFD, so that the line is valid whatever a name or a path holds.
std::string Serialize(const Document& document);

}  // namespace ddb::json
