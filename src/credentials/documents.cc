#include "credentials/documents.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <initializer_list>
#include <utility>

#include "base/text.h"
#include "json/escape.h"

namespace ddb {
namespace {

namespace dom = simdjson::dom;

std::string TextOf(const dom::element& object, const char* name) {
  std::string_view text;
  if (object[name].get(text) != simdjson::SUCCESS) return {};
  return std::string(text);
}

std::optional<dom::element> Parse(dom::parser& parser, std::string_view json) {
  dom::element document;
  if (parser.parse(json.data(), json.size()).get(document) != simdjson::SUCCESS) return std::nullopt;
  if (!document.is_object()) return std::nullopt;
  return document;
}

std::optional<Credentials> IfWhole(Credentials credentials) {
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) return std::nullopt;
  return credentials;
}

// An object of texts; a member without one is left out.
std::string Object(std::initializer_list<std::pair<std::string_view, std::string_view>> members) {
  std::string out = "{";
  for (const auto& [name, text] : members) {
    if (text.empty()) continue;
    if (out.size() > 1) out += ", ";
    json::AppendString(name, out);
    out += ": ";
    json::AppendString(text, out);
  }
  return out + "}";
}

// The text of the first element of this name; it has no attributes and no elements within.
std::string_view Element(std::string_view xml, std::string_view name) {
  const std::string open = "<" + std::string(name) + ">";
  const size_t begin = xml.find(open);
  if (begin == std::string_view::npos) return {};
  const size_t end = xml.find('<', begin + open.size());
  if (end == std::string_view::npos) return {};
  return xml.substr(begin + open.size(), end - begin - open.size());
}

// Keys and tokens are of letters, digits and "/+=": of what XML escapes, none is among them but by somebody's
// whim.
std::string Unescaped(std::string_view text) {
  std::string out(text);
  for (const auto& [escape, c] : {std::pair<std::string_view, char>{"&lt;", '<'},
                                  {"&gt;", '>'},
                                  {"&quot;", '"'},
                                  {"&apos;", '\''},
                                  {"&#43;", '+'},
                                  {"&#61;", '='},
                                  {"&amp;", '&'}}) {
    for (size_t at = 0; (at = out.find(escape, at)) != std::string::npos; ++at)
      out.replace(at, escape.size(), 1, c);
  }
  return Trimmed(out);
}

}  // namespace

std::optional<Credentials> ReadServiceCredentials(std::string_view json) {
  dom::parser parser;
  const std::optional<dom::element> document = Parse(parser, json);
  if (!document) return std::nullopt;
  Credentials credentials;
  credentials.access_key_id = TextOf(*document, "AccessKeyId");
  credentials.secret_access_key = TextOf(*document, "SecretAccessKey");
  credentials.session_token = TextOf(*document, "Token");
  credentials.expires_ms = ReadTime(TextOf(*document, "Expiration"));
  return IfWhole(std::move(credentials));
}

std::optional<Credentials> ReadRoleCredentials(std::string_view json) {
  dom::parser parser;
  const std::optional<dom::element> document = Parse(parser, json);
  dom::element role;
  if (!document || (*document)["roleCredentials"].get(role) != simdjson::SUCCESS) return std::nullopt;
  Credentials credentials;
  credentials.access_key_id = TextOf(role, "accessKeyId");
  credentials.secret_access_key = TextOf(role, "secretAccessKey");
  credentials.session_token = TextOf(role, "sessionToken");
  int64_t expires = 0;
  if (role["expiration"].get(expires) == simdjson::SUCCESS) credentials.expires_ms = expires;
  return IfWhole(std::move(credentials));
}

std::optional<Credentials> ReadStsCredentials(std::string_view xml) {
  const size_t begin = xml.find("<Credentials>");
  if (begin == std::string_view::npos) return std::nullopt;
  xml = xml.substr(begin, xml.find("</Credentials>", begin) - begin);
  Credentials credentials;
  credentials.access_key_id = Unescaped(Element(xml, "AccessKeyId"));
  credentials.secret_access_key = Unescaped(Element(xml, "SecretAccessKey"));
  credentials.session_token = Unescaped(Element(xml, "SessionToken"));
  credentials.expires_ms = ReadTime(Unescaped(Element(xml, "Expiration")));
  return IfWhole(std::move(credentials));
}

std::optional<Credentials> ReadProcessCredentials(std::string_view json) {
  dom::parser parser;
  const std::optional<dom::element> document = Parse(parser, json);
  int64_t version = 0;
  if (!document || (*document)["Version"].get(version) != simdjson::SUCCESS || version != 1)
    return std::nullopt;
  Credentials credentials;
  credentials.access_key_id = TextOf(*document, "AccessKeyId");
  credentials.secret_access_key = TextOf(*document, "SecretAccessKey");
  credentials.session_token = TextOf(*document, "SessionToken");
  const std::string expires = TextOf(*document, "Expiration");
  credentials.expires_ms = ReadTime(expires);
  if (!expires.empty() && credentials.expires_ms == 0) return std::nullopt;
  return IfWhole(std::move(credentials));
}

std::optional<SsoToken> ReadSsoToken(std::string_view json) {
  dom::parser parser;
  const std::optional<dom::element> document = Parse(parser, json);
  if (!document) return std::nullopt;
  SsoToken token;
  token.access_token = TextOf(*document, "accessToken");
  token.expires_ms = ReadTime(TextOf(*document, "expiresAt"));
  token.refresh_token = TextOf(*document, "refreshToken");
  token.client_id = TextOf(*document, "clientId");
  token.client_secret = TextOf(*document, "clientSecret");
  token.registration_expires_ms = ReadTime(TextOf(*document, "registrationExpiresAt"));
  if (token.access_token.empty()) return std::nullopt;
  return token;
}

std::string WriteSsoToken(const SsoToken& token, std::string_view start_url, std::string_view region) {
  return Object({{"startUrl", start_url},
                 {"region", region},
                 {"accessToken", token.access_token},
                 {"expiresAt", WriteTime(token.expires_ms)},
                 {"clientId", token.client_id},
                 {"clientSecret", token.client_secret},
                 {"registrationExpiresAt", WriteTime(token.registration_expires_ms)},
                 {"refreshToken", token.refresh_token}});
}

std::string WriteTokenRequest(const SsoToken& token) {
  return Object({{"clientId", token.client_id},
                 {"clientSecret", token.client_secret},
                 {"grantType", "refresh_token"},
                 {"refreshToken", token.refresh_token}});
}

std::optional<SsoToken> ReadNewToken(std::string_view json, const SsoToken& old, int64_t now_ms) {
  dom::parser parser;
  const std::optional<dom::element> document = Parse(parser, json);
  int64_t seconds = 0;
  if (!document || (*document)["expiresIn"].get(seconds) != simdjson::SUCCESS) return std::nullopt;
  SsoToken token = old;
  token.access_token = TextOf(*document, "accessToken");
  token.refresh_token = TextOf(*document, "refreshToken");
  token.expires_ms = now_ms + std::clamp<int64_t>(seconds, 0, int64_t{365} * 24 * 3600) * 1000;
  if (token.access_token.empty()) return std::nullopt;
  return token;
}

int64_t ReadTime(std::string_view text) {
  const std::string copy(text);
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, used = 0;
  if (std::sscanf(copy.c_str(), "%4d-%2d-%2dT%2d:%2d:%2d%n", &year, &month, &day, &hour, &minute, &second,
                  &used) != 6) {
    return 0;
  }
  size_t at = static_cast<size_t>(used);
  if (at < copy.size() && copy[at] == '.') {
    do ++at;
    while (at < copy.size() && IsDigit(copy[at]));
  }
  int offset = 0;  // in minutes
  const std::string zone = copy.substr(at);
  if (zone != "Z" && zone != "z" && zone != "UTC" && !zone.empty()) {
    char sign = 0;
    int of_hours = 0, of_minutes = 0;
    if (std::sscanf(zone.c_str(), "%c%2d:%2d", &sign, &of_hours, &of_minutes) != 3) return 0;
    if (sign != '+' && sign != '-') return 0;
    offset = (of_hours * 60 + of_minutes) * (sign == '+' ? 1 : -1);
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok() || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return 0;
  const auto days = std::chrono::sys_days(date).time_since_epoch();
  return (std::chrono::duration_cast<std::chrono::seconds>(days).count() + hour * 3600 + minute * 60 +
          second - offset * 60) *
         int64_t{1000};
}

std::string WriteTime(int64_t millis) {
  const std::chrono::sys_seconds time{std::chrono::seconds(millis / 1000)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

// https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html#API_AssumeRole_Errors
// https://docs.aws.amazon.com/singlesignon/latest/OIDCAPIReference/API_CreateToken.html#API_CreateToken_Errors
Text KnownErrorName(std::string_view body) {
  static constexpr Text kNames[] = {"AccessDenied",
                                    "AccessDeniedException",
                                    "ExpiredToken",
                                    "ExpiredTokenException",
                                    "ExpiredTrustAnchorException",
                                    "ForbiddenException",
                                    "IDPCommunicationError",
                                    "IDPRejectedClaim",
                                    "InvalidClientTokenId",
                                    "InvalidIdentityToken",
                                    "InvalidRequestException",
                                    "MalformedPolicyDocument",
                                    "MissingAuthenticationToken",
                                    "OptInRequired",
                                    "PackedPolicyTooLarge",
                                    "RegionDisabledException",
                                    "RequestLimitExceeded",
                                    "ResourceNotFoundException",
                                    "SignatureDoesNotMatch",
                                    "Throttling",
                                    "ThrottlingException",
                                    "UnauthorizedException",
                                    "ValidationError",
                                    "InvalidParameterValue",
                                    "UnrecognizedClientException",
                                    "EntityAlreadyExists",
                                    "expired_token",
                                    "invalid_client",
                                    "invalid_grant",
                                    "unauthorized_client",
                                    "ServiceUnavailable"};
  std::string name(Element(body, "Code"));
  if (name.empty()) {
    dom::parser parser;
    const std::optional<dom::element> document = Parse(parser, body);
    if (document) {
      for (const char* member : {"__type", "code", "Code", "error"}) {
        if (name.empty()) name = TextOf(*document, member);
      }
      name = name.substr(name.rfind('#') + 1);  // npos + 1 is 0
    }
  }
  for (const Text known : kNames) {
    if (known.view() == name) return known;
  }
  return {};
}

}  // namespace ddb
