// The command line. Everything behind it is a command (commands/commands.h), whose exit code is the
// process's.

#include <CLI/CLI.hpp>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "base/version.h"
#include "commands/commands.h"
#include "commands/process.h"
#include "commands/standard_io.h"

namespace {

constexpr int kUsageError = 2;

struct Arguments {
  std::vector<std::string> commands;  // of both forms; one is right
  std::string config;
  std::string catalog;
};

constexpr std::string_view kCommands =
    "Commands (also as --spec, --check, --write):\n"
    "  spec                                       print what can be configured\n"
    "  check --config F                           try the config\n"
    "  write --config F --catalog F < messages    write records\n"
    "  discover                                   answers with an error: there is nothing to discover\n"
    "\"COMMAND --help\" tells more of one.\n"
    "\n";
constexpr std::string_view kEnding =
    "Exit codes:\n"
    "  0              everything is stored (check: it has answered, whatever the answer)\n"
    "  1              failed; one TRACE ERROR on stdout says why\n"
    "  2              wrong usage\n"
    "  143, 130, 129  ended by SIGTERM, SIGINT, SIGHUP, within 8 seconds\n"
    "\n"
    "Environment:\n"
    "  LOG_LEVEL                    ERROR, WARN, INFO (the default), DEBUG\n"
    "  AWS_CA_BUNDLE, SSL_CERT_FILE the certificates that are trusted, a PEM file\n"
    "\n"
    "Example:\n"
    "  destination-dynamodb check --config config.json\n"
    "  source-faker read --config source.json --catalog catalog.json |\n"
    "    destination-dynamodb write --config config.json --catalog catalog.json";

struct CommandHelp {
  std::string_view name;
  std::string_view text;
};
constexpr CommandHelp kHelp[] = {
    {"spec",
     "Usage: destination-dynamodb spec\n\n"
     "Prints one SPEC message: the keys of the config, as a JSON schema.\n"},
    {"check",
     "Usage: destination-dynamodb check --config F\n\n"
     "Tries the config: creates, fills and deletes a small table of its own, and prints one "
     "CONNECTION_STATUS,\n"
     "SUCCEEDED or FAILED with the reason. The exit code is 0 for both.\n\n"
     "  --config F    the config, a JSON object with the keys that spec describes:\n"
     "                {\"dynamodb_table_name_prefix\": \"airbyte\", \"dynamodb_region\": \"eu-central-1\",\n"
     "                 \"access_key_id\": \"...\", \"secret_access_key\": \"...\"}\n"},
    {"write",
     "Usage: destination-dynamodb write --config F --catalog F < messages\n\n"
     "Stores the records that come on standard input, one Airbyte message a line, each as an item of its\n"
     "stream's table. A STATE comes out on standard output when every record that it covers is stored.\n\n"
     "  --config F    the config, as for check\n"
     "  --catalog F   the configured catalog: the streams, and how each is to be written:\n"
     "                {\"streams\": [{\"stream\": {\"name\": \"users\", \"json_schema\": {},\n"
     "                                         \"supported_sync_modes\": [\"full_refresh\"]},\n"
     "                              \"sync_mode\": \"full_refresh\", \"destination_sync_mode\": "
     "\"append\"}]}\n"
     "  --state F     accepted and not used\n"},
    {"discover",
     "Usage: destination-dynamodb discover\n\n"
     "Answers with a TRACE ERROR and exit code 1: a destination of records has nothing to discover.\n"},
};

// The help of the command that is on the command line, "" where there is none.
std::string_view HelpOfCommand(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::string_view word = argv[i];
    if (word.starts_with("--")) word.remove_prefix(2);
    for (const CommandHelp& help : kHelp) {
      if (word == help.name) return help.text;
    }
  }
  return {};
}

// Both forms that the platform has had: `check --config F` and `--check --config F`.
void Describe(CLI::App& app, Arguments& arguments) {
  const std::vector<std::string> names = {"spec", "check", "write", "discover"};
  app.name("destination-dynamodb");
  app.footer(std::string(kCommands) + std::string(kEnding));
  app.set_version_flag("--version", std::string(ddb::kVersion), "Print the version and exit");
  app.add_option_function<std::string>(
         "command", [&](const std::string& name) { arguments.commands.push_back(name); },
         "One of those below")
      ->check(CLI::IsMember(names).description(""))
      ->type_name("");
  for (const std::string& name : names) {
    app.add_flag_callback("--" + name, [&arguments, name] { arguments.commands.push_back(name); })->group("");
  }
  app.add_option("--config", arguments.config, "The config, a JSON file")->type_name("F");
  app.add_option("--catalog", arguments.catalog, "The configured catalog, a JSON file")->type_name("F");
  app.add_option("--state")->description("Accepted and not used")->type_name("F");
}

void Require(const Arguments& arguments) {
  if (arguments.commands.size() != 1) throw CLI::RequiredError("Exactly one command");
  const std::string& command = arguments.commands.front();
  if (command != "spec" && command != "discover" && arguments.config.empty())
    throw CLI::RequiredError("--config");
  if (command == "write" && arguments.catalog.empty()) throw CLI::RequiredError("--catalog");
}

int Run(const Arguments& arguments) {
  const std::string& command = arguments.commands.front();
  if (command == "spec") return ddb::RunSpec();
  if (command == "check") return ddb::RunCheck(arguments.config);
  if (command == "discover") return ddb::RunDiscover();
  return ddb::RunWrite(arguments.config, arguments.catalog);
}

int Flushed() {
  std::cout.flush();
  if (std::cout) return 0;
  ddb::TellOfStdout();
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  ddb::PrepareProcess();
  CLI::App app("Writes Airbyte records into DynamoDB.");
  Arguments arguments;
  try {
    Describe(app, arguments);
    app.parse(argc, argv);
    Require(arguments);
  } catch (const CLI::CallForHelp&) {
    const std::string_view of_command = HelpOfCommand(argc, argv);
    if (of_command.empty()) {
      std::cout << app.help();
    } else {
      std::cout << of_command << '\n' << kEnding << '\n';
    }
    return Flushed();
  } catch (const CLI::Success& success) {  // --version
    app.exit(success);
    return Flushed();
  } catch (const CLI::Error& error) {
    std::cerr << error.what() << "\n\n" << app.help();
    return kUsageError;
  }
  return Run(arguments);
}
