#include "commands/account.h"

#include <chrono>
#include <cstdlib>
#include <utility>

#include "aws/proxy.h"
#include "base/environment.h"
#include "credentials/chain.h"
#include "credentials/command.h"
#include "credentials/profiles.h"
#include "credentials/supply.h"
#include "credentials/web.h"

namespace ddb {
namespace {

using Mode = Authentication::Mode;

constexpr Duration kPatience = std::chrono::seconds(25);

// What a supply works with; lives as long as it.
struct Supplied {
  Supplied(const Config& config, std::shared_ptr<const Trust> trust, const Clock& clock, Log& log)
      : web(clock, std::move(trust),
            [url = config.proxy_url](const Endpoint& endpoint) {
              return ChooseProxy(endpoint, url,
                                 [](const char* name) -> const char* { return std::getenv(name); });
            }),
        commands(clock),
        around{[](const char* name) { return Environment(name); }, web, commands, clock, config.region,
               {config.sts.use_dualstack, config.sts.use_fips}},
        supply(clock, log, [this] { return Fetch(); }, [this] { Cancel(); }) {
    const Authentication& of = config.authentication;
    if (of.mode != Mode::kAssumeRole) return;
    role.emplace();
    role->role = {of.role_arn, of.external_id, of.session_name, of.duration_s};
    role->only_environment = of.on_cloud;
    if (!of.key.id.empty()) role->keys = Credentials{of.key.id, of.key.secret, of.key.session_token};
  }

  Result<Fetched> Fetch() const { return role ? FetchRole(around, *role) : FetchFromChain(around); }

  void Cancel() {
    web.Cancel();
    commands.Cancel();
  }

  HttpWeb web;
  SystemCommands commands;
  const Surroundings around;
  std::optional<RolePlan> role;
  CredentialSupply supply;  // last: its thread ends first
};

}  // namespace

Deployment DeploymentOfMachine() {
  Deployment deployment = DeploymentFromEnvironment();
  if (deployment.on_cloud()) return deployment;
  const Variables variable = [](const char* name) { return Environment(name); };
  const Profiles profiles = Profiles::Read(variable);
  const std::string profile = Profiles::Chosen(variable);
  if (deployment.region.empty()) deployment.region = profiles.Get(profile, "region");
  const auto fill = [&](std::optional<bool>& of, const char* key) {
    if (!of) of = ReadSwitch(profiles.Get(profile, key));
  };
  fill(deployment.use_dualstack, "use_dualstack_endpoint");
  fill(deployment.use_fips, "use_fips_endpoint");
  return deployment;
}

Result<std::shared_ptr<CredentialsSource>> MakeCredentials(const Config& config,
                                                           std::shared_ptr<const Trust> trust,
                                                           const Clock& clock, Log& log,
                                                           const std::function<bool()>& stop_requested) {
  const Authentication& authentication = config.authentication;
  if (authentication.mode == Mode::kAccessKey) {
    const AccessKey& key = authentication.key;
    return std::shared_ptr<CredentialsSource>(
        std::make_shared<StaticCredentials>(key.id, key.secret, key.session_token));
  }
  const auto supplied = std::make_shared<Supplied>(config, std::move(trust), clock, log);
  if (Status first = supplied->supply.Start(kPatience, stop_requested); !first.ok())
    return std::move(first).error();
  return std::shared_ptr<CredentialsSource>(supplied, &supplied->supply);
}

}  // namespace ddb
