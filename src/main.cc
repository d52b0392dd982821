// The command line. Everything behind it is a command (commands/commands.h), whose exit code is the
// process's.

#include <CLI/CLI.hpp>
#include <iostream>
#include <string>
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

// Both forms that the platform has had: `check --config F` and `--check --config F`.
void Describe(CLI::App& app, Arguments& arguments) {
  const std::vector<std::string> names = {"spec", "check", "write", "discover"};
  app.name("destination-dynamodb");
  app.footer(
      "Commands (also as --spec, --check, --write):\n"
      "  spec                                       print what can be configured\n"
      "  check --config F                           try the config\n"
      "  write --config F --catalog F < messages    write records");
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

}  // namespace

int main(int argc, char** argv) {
  ddb::PrepareProcess();
  CLI::App app("Writes Airbyte records into DynamoDB.");
  Arguments arguments;
  try {
    Describe(app, arguments);
    app.parse(argc, argv);
    Require(arguments);
  } catch (const CLI::Success& success) {  // --help, --version
    const int code = app.exit(success);
    std::cout.flush();
    if (std::cout) return code;
    ddb::TellOfStdout();
    return 1;
  } catch (const CLI::Error& error) {
    std::cerr << error.what() << "\n\n" << app.help();
    return kUsageError;
  }
  return Run(arguments);
}
