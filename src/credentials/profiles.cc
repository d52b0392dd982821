#include "credentials/profiles.h"

#include <fstream>
#include <iterator>

#include "base/text.h"

namespace ddb {
namespace {

constexpr size_t kMaxFile = size_t{1} << 20;

using Sections = std::map<std::string, Profiles::Section>;

// "[profile x]" gives "profile x"; settings that are indented below another one are that one's own.
Sections ParseSections(std::string_view text) {
  Sections sections;
  Profiles::Section* section = nullptr;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string trimmed = Trimmed(line);
    if (trimmed.empty() || trimmed[0] == '#' || trimmed[0] == ';') continue;
    if (trimmed[0] == '[') {
      const size_t close = trimmed.find(']');
      section = close == std::string::npos ? nullptr : &sections[Trimmed(trimmed.substr(1, close - 1))];
      continue;
    }
    if (section == nullptr || line[0] == ' ' || line[0] == '\t') continue;
    const size_t equals = trimmed.find('=');
    if (equals == std::string::npos) continue;
    std::string value = Trimmed(trimmed.substr(equals + 1));
    const std::string key = ToLower(Trimmed(trimmed.substr(0, equals)));
    const size_t comment = std::min(value.find(" #"), value.find(" ;"));
    // A command may have any character.
    if (comment != std::string::npos && key != "credential_process")
      value = Trimmed(value.substr(0, comment));
    (*section)[key] = value;
  }
  return sections;
}

// "profile x" and "profile \"x y\"" of "profile".
std::optional<std::string> NameBehind(const std::string& word, const std::string& title) {
  if (!title.starts_with(word) || title.size() == word.size()) return std::nullopt;
  const char next = title[word.size()];
  if (next != ' ' && next != '\t') return std::nullopt;
  std::string name = Trimmed(title.substr(word.size()));
  if (name.size() >= 2 && (name[0] == '"' || name[0] == '\'') && name.back() == name[0]) {
    name = name.substr(1, name.size() - 2);
  }
  return name;
}

const Profiles::Section* Find(const Sections& sections, const std::string& name) {
  const auto found = sections.find(name);
  return found == sections.end() ? nullptr : &found->second;
}

std::string PathOf(const Variables& variable, const char* name, const char* usual) {
  const std::string home = HomeFolder(variable);
  std::string path = variable(name);
  if (path.empty()) return home.empty() ? "" : home + usual;
  if (path.starts_with("~/") && !home.empty()) path = home + path.substr(1);
  return path;
}

}  // namespace

std::optional<std::string> ReadSmallFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return std::nullopt;
  std::string text(kMaxFile, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return std::nullopt;
  text.resize(static_cast<size_t>(file.gcount()));
  return text;
}

std::string HomeFolder(const Variables& variable) { return variable("HOME"); }

Profiles Profiles::Read(const Variables& variable) {
  const auto text = [&](const char* name, const char* usual) {
    const std::string path = PathOf(variable, name, usual);
    return path.empty() ? std::string() : ReadSmallFile(path).value_or("");
  };
  return Parse(text("AWS_CONFIG_FILE", "/.aws/config"),
               text("AWS_SHARED_CREDENTIALS_FILE", "/.aws/credentials"));
}

Profiles Profiles::Parse(std::string_view config, std::string_view credentials) {
  Profiles profiles;
  for (auto& [title, section] : ParseSections(config)) {
    if (std::optional<std::string> profile = NameBehind("profile", title)) {
      profiles.config_[*profile] = std::move(section);
    } else if (std::optional<std::string> session = NameBehind("sso-session", title)) {
      profiles.sso_sessions_[*session] = std::move(section);
    } else if (title == "default" && profiles.config_.count("default") == 0) {
      profiles.config_["default"] = std::move(section);
    }
  }
  profiles.credentials_ = ParseSections(credentials);
  return profiles;
}

const Profiles::Section* Profiles::Config(const std::string& profile) const { return Find(config_, profile); }
const Profiles::Section* Profiles::Credentials(const std::string& profile) const {
  return Find(credentials_, profile);
}
const Profiles::Section* Profiles::SsoSession(const std::string& name) const {
  return Find(sso_sessions_, name);
}

std::string Profiles::Get(const std::string& profile, const std::string& key) const {
  for (const Section* section : {Credentials(profile), Config(profile)}) {
    if (section == nullptr) continue;
    if (const auto found = section->find(key); found != section->end() && !found->second.empty())
      return found->second;
  }
  return {};
}

std::string Profiles::Chosen(const Variables& variable, bool* named) {
  for (const char* name : {"AWS_DEFAULT_PROFILE", "AWS_PROFILE"}) {
    std::string profile = variable(name);
    if (profile.empty()) continue;
    if (named != nullptr) *named = true;
    return profile;
  }
  return "default";
}

}  // namespace ddb
