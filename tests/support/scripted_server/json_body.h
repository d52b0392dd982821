// A request's JSON and a reply's, for the operations of Service that are not on the path of records. Pure;
// any thread.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "scripted_server/http.h"

namespace scripted {

// An empty object in place of what is none.
inline nlohmann::json ParseBody(std::string_view body) {
  nlohmann::json request = nlohmann::json::parse(body, nullptr, false);
  return request.is_object() ? request : nlohmann::json::object();
}

inline Reply Ok(const nlohmann::json& body) {
  Reply reply;
  reply.body = body.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return reply;
}

}  // namespace scripted
