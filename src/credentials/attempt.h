// Attempt: what one place gave where credentials may come from, and what all of these places look at. Values.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "aws/credentials.h"
#include "base/clock.h"
#include "base/result.h"
#include "credentials/command.h"
#include "credentials/web.h"

namespace ddb {

// A variable of the environment, "" where there is none. Any thread: nothing sets one while this program
// runs.
using Variables = std::function<std::string(const char* name)>;

struct Surroundings {
  Variables variable;
  Web& web;
  Commands& commands;
  const Clock& clock;
  std::string region;      // DynamoDB's: STS is asked in the same
  EndpointKind kind = {};  // and by an endpoint of the same kind
};

struct Attempt {
  std::optional<Credentials> given;
  std::optional<Error> error;  // the place is set up, and gave none: it is not gone past
  std::string absent;          // else why it is none: "AWS_ACCESS_KEY_ID is not set"

  static Attempt Given(Credentials credentials) { return {std::move(credentials), {}, {}}; }
  static Attempt Absent(std::string why) { return {{}, {}, std::move(why)}; }
  static Attempt Failed(Error error) { return {{}, std::move(error), {}}; }
  static Attempt Of(Result<Credentials> result) {
    if (result.ok()) return Given(std::move(result).value());
    return Failed(std::move(result).error());
  }
};

// Keys from outside go into a header as they are: without what ends one.
Status CheckPlain(const Credentials& credentials, const std::string& from);

// What is wrong with a reply that gives no credentials, by whom: "The instance metadata service". It is a
// transient_error where it may pass (no connection, a 5xx, a 429; not an untrusted certificate), else a
// config_error.
Error ReplyError(const std::string& whom, const WebReply& reply, const std::string& advice);

}  // namespace ddb
