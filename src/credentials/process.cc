// FromProcess (sources.h): a program of the user's that writes credentials, named by a profile.
// https://docs.aws.amazon.com/sdkref/latest/guide/feature-process-credentials.html
#include <fmt/format.h>

#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"
#include "credentials/command.h"
#include "credentials/documents.h"
#include "credentials/sources.h"

namespace ddb {
namespace {

using How = CommandEnd::How;

// Of a shell, or of what does a shell's work: not found, not to be run.
bool IsNotThere(int code) { return code == 126 || code == 127; }

// Nothing that the program wrote is told, nor its line, which may hold a secret.
std::optional<Error> ErrorOf(const CommandEnd& end, const std::string& whom) {
  switch (end.how) {
    case How::kNotStarted:
      return ConfigError(whom +
                         " cannot be run: there is no such program, or it is none. It is started without a "
                         "shell, and looked for in PATH.");
    case How::kTooSlow:
      return TransientError(fmt::format(
          "{} was still running after {} s, and was stopped. It has to end by itself, and can ask nobody.",
          whom, WholeSeconds(SystemCommands::kPatience)));
    case How::kTooLong:
      return ConfigError(whom + " writes more than credentials can be.");
    case How::kCancelled:
      return TransientError(whom + " was stopped.");
    case How::kExited:
      break;
  }
  if (end.code == 0) return std::nullopt;
  std::string message = fmt::format("{} ends with exit code {}. Run it by hand to see why.", whom, end.code);
  return IsNotThere(end.code) ? ConfigError(std::move(message)) : TransientError(std::move(message));
}

}  // namespace

Attempt FromProcess(const Surroundings& around, const Profiles& profiles, const std::string& profile) {
  const std::string line = profiles.Get(profile, "credential_process");
  if (line.empty()) return Attempt::Absent("the profile has no credential_process");
  const std::string whom = fmt::format("The credential_process of profile {}", ShortText(profile, 60));
  const std::optional<std::vector<std::string>> words = SplitWords(line);
  if (!words || words->empty()) {
    return Attempt::Failed(ConfigError(whom + " is no command: a quotation in it has no end."));
  }
  const CommandEnd end = around.commands.Run(*words);
  if (std::optional<Error> error = ErrorOf(end, whom)) return Attempt::Failed(*std::move(error));
  std::optional<Credentials> credentials = ReadProcessCredentials(end.written);
  if (!credentials) {
    return Attempt::Failed(
        ConfigError(whom + " does not write credentials: a JSON object with \"Version\": 1, AccessKeyId, "
                           "SecretAccessKey, and SessionToken and Expiration where there are such."));
  }
  if (Status plain = CheckPlain(*credentials, whom); !plain.ok())
    return Attempt::Failed(std::move(plain).error());
  return Attempt::Given(*std::move(credentials));
}

}  // namespace ddb
