// scripted-server: a DynamoDB for tests on 127.0.0.1. Prints "listening 127.0.0.1:PORT" and
// "control 127.0.0.1:PORT" when ready; ends with SIGTERM or SIGINT.
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "scripted_server/server.h"

namespace {

constexpr const char* kUsage =
    "usage: scripted-server [--port N] [--scenario FILE] [--log FILE] [--tls-cert FILE --tls-key FILE]\n"
    "                       [--tls-clients FILE of whose certificates clients have to show] [--tls-version "
    "1.1]\n"
    "                       [--access-key ID --secret-key KEY] [--session-token TOKEN] [--region NAME]\n";

int Fail(const std::string& message) {
  fprintf(stderr, "scripted-server: %s\n", message.c_str());
  return 2;
}

bool LoadScenario(std::map<std::string, std::string>& options, scripted::Scenario& scenario,
                  std::string& error) {
  scenario.credentials = {{options["--access-key"].empty() ? "AKIASCRIPTED" : options["--access-key"],
                           options["--secret-key"].empty() ? "scripted/secret" : options["--secret-key"],
                           options["--session-token"],
                           false,
                           -1,
                           {}}};
  if (!options["--region"].empty()) scenario.region = options["--region"];
  if (options["--scenario"].empty()) return true;
  std::ifstream file(options["--scenario"]);
  std::stringstream text;
  text << file.rdbuf();
  if (!file) error = "cannot read the scenario";
  return file && scenario.Load(text.str(), error);
}

constexpr int kReceiveBuffer = 16 * 1024;

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, std::string> options = {
      {"--port", "0"},      {"--scenario", ""},      {"--log", ""},         {"--tls-cert", ""},
      {"--tls-key", ""},    {"--access-key", ""},    {"--tls-clients", ""}, {"--tls-version", ""},
      {"--secret-key", ""}, {"--session-token", ""}, {"--region", ""}};
  for (int i = 1; i < argc; i += 2) {
    if (i + 1 == argc || !options.contains(argv[i])) return Fail(kUsage);
    options[argv[i]] = argv[i + 1];
  }
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  signal(SIGPIPE, SIG_IGN);
  std::string error;
  scripted::Scenario scenario;
  if (!LoadScenario(options, scenario, error)) return Fail(error);
  scripted::SslContext tls;
  if (!options["--tls-cert"].empty()) {
    tls = scripted::LoadTls(options["--tls-cert"], options["--tls-key"], error);
    if (!tls) return Fail(error);
    if (!scripted::Restrict(tls.get(), options["--tls-clients"], options["--tls-version"]))
      return Fail(kUsage);
  }
  int port = 0, control_port = 0;
  // Small where the line is what is tried: else the kernels hold megabytes of it.
  scripted::Line line(scenario.line);
  int listener = scripted::Listen(atoi(options["--port"].c_str()), port, line.bounded() ? kReceiveBuffer : 0);
  int control = scripted::Listen(0, control_port);
  if (listener < 0 || control < 0) return Fail("cannot listen");
  scripted::RequestLog log(options["--log"]);
  scripted::Service service(scenario, log);
  scripted::Server server(service, scenario);
  server.Start(listener, tls.get(), &line);
  server.Start(control, nullptr, nullptr);
  printf("listening 127.0.0.1:%d\ncontrol 127.0.0.1:%d\n", port, control_port);
  fflush(stdout);
  int signal_number = 0;
  sigwait(&ends, &signal_number);
  // Connection threads still run: nothing they use may be destroyed.
  _exit(0);
}
