// The service's errors, in the service's own shapes. Pure; any thread.
// https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
#pragma once

#include <string>
#include <string_view>

#include "scripted_server/http.h"
#include "scripted_server/scenario.h"

namespace scripted {

std::string Quote(std::string_view text);  // as a JSON string

// `resource`: ARN for a throttling reason; `request`, `item`: what the message's {request} and {item} stand
// for.
Reply ErrorReply(const ErrorSpec& spec, std::string_view resource, std::string_view request,
                 std::string_view item);
Reply ErrorReply(std::string name, std::string message, int status = 400);

}  // namespace scripted
