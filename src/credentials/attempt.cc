#include "credentials/attempt.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "credentials/documents.h"

namespace ddb {

Status CheckPlain(const Credentials& credentials, const std::string& from) {
  const auto plain = [](const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](char c) { return ' ' < c && c <= '~'; });
  };
  if (!credentials.access_key_id.empty() && !credentials.secret_access_key.empty() &&
      plain(credentials.access_key_id) && plain(credentials.session_token)) {
    return Ok();
  }
  std::string message = fmt::format(
      "{} gives no credentials: the key id, the secret or the token is empty or has a character that it "
      "cannot "
      "have.",
      from);
  message[0] = ToUpper(message[0]);
  return ConfigError(std::move(message));
}

Error ReplyError(const std::string& whom, const WebReply& reply, const std::string& advice) {
  if (reply.unsent) return *reply.unsent;
  std::string what;
  bool passes = true;
  if (reply.transport != TransportError::kNone) {
    what = std::string(TransportErrorText(reply.transport).view());
    passes = !IsFinal(reply.transport);
  } else {
    const Text name = KnownErrorName(reply.body);
    what = fmt::format("HTTP {}{}{}", reply.status, name.empty() ? "" : ", ", name.view());
    passes = reply.status >= 500 || reply.status == 429 || name == Text("Throttling") ||
             name == Text("ThrottlingException") || name == Text("RequestLimitExceeded");
  }
  std::string message = fmt::format("{} gives no credentials: {}{}. {}", whom, what, reply.way, advice);
  return passes ? TransientError(std::move(message)) : ConfigError(std::move(message));
}

}  // namespace ddb
