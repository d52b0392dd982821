// Profiles: what AWS's two files of settings say: ~/.aws/config and ~/.aws/credentials, or those that
// AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name. Read anew for each fetch: something beside this
// program may renew them. https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "credentials/attempt.h"

namespace ddb {

class Profiles {
 public:
  using Section = std::map<std::string, std::string>;

  static Profiles Read(const Variables& variable);
  static Profiles Parse(std::string_view config, std::string_view credentials);

  // Null where there is none of that name.
  const Section* Config(const std::string& profile) const;       // of the file of settings
  const Section* Credentials(const std::string& profile) const;  // of the file of credentials
  const Section* SsoSession(const std::string& name) const;
  bool Has(const std::string& profile) const { return Config(profile) || Credentials(profile); }
  // Of the profile, in either file: that of credentials first, as AWS's clients do. "" where there is none.
  std::string Get(const std::string& profile, const std::string& key) const;

  // AWS_PROFILE, or "default"; `named`: the environment names it.
  static std::string Chosen(const Variables& variable, bool* named = nullptr);

 private:
  std::map<std::string, Section> config_;       // by the profile's name
  std::map<std::string, Section> credentials_;  // likewise
  std::map<std::string, Section> sso_sessions_;
};

// The whole of a small file, nothing where it cannot be read.
std::optional<std::string> ReadSmallFile(const std::string& path);
// Of the user that this program runs as, "" where there is none.
std::string HomeFolder(const Variables& variable);

}  // namespace ddb
