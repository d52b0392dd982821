#include "scripted_server/sigv4.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <map>

namespace scripted {
namespace {

constexpr int64_t kMaxSkewSeconds = 300;
constexpr std::string_view kAlgorithm = "AWS4-HMAC-SHA256";

std::vector<std::string> Split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    size_t at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string UriEncode(std::string_view text, bool keep_slash) {
  std::string out;
  for (unsigned char c : text) {
    if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
        std::string_view("-._~").find(static_cast<char>(c)) != std::string_view::npos ||
        (keep_slash && c == '/')) {
      out += static_cast<char>(c);
    } else {
      constexpr char kDigits[] = "0123456789ABCDEF";
      out += {'%', kDigits[c >> 4], kDigits[c & 15]};
    }
  }
  return out;
}

std::string CanonicalQuery(std::string_view query) {
  if (query.empty()) return "";
  std::vector<std::string> parts = Split(query, '&');
  for (std::string& part : parts) {
    if (part.find('=') == std::string::npos) part += '=';
  }
  std::sort(parts.begin(), parts.end());
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : "&") + part;
  return out;
}

std::string CollapseBlanks(std::string_view value) {
  std::string out;
  for (char c : value) {
    if (c != ' ' || out.empty() || out.back() != ' ') out += c;
  }
  return out;
}

// "20260102T030405Z" as seconds since 1970, -1 if it is not one.
int64_t ParseAmzDate(std::string_view text) {
  tm parts{};
  std::string copy(text);
  const char* end = strptime(copy.c_str(), "%Y%m%dT%H%M%SZ", &parts);
  return end != nullptr && *end == '\0' ? timegm(&parts) : -1;
}

std::string AmzDate(int64_t unix_seconds) {
  time_t seconds = unix_seconds;
  tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts);
  return text;
}

struct Authorization {
  std::string access_key, date, region, service, terminator;
  std::vector<std::string> signed_headers;
  std::string signature;
};

bool ParseAuthorization(std::string_view header, Authorization& out) {
  if (header.substr(0, kAlgorithm.size()) != kAlgorithm) return false;
  header.remove_prefix(kAlgorithm.size());
  std::map<std::string, std::string> fields;
  for (std::string part : Split(header, ',')) {
    part.erase(0, part.find_first_not_of(' '));
    size_t equals = part.find('=');
    if (equals == std::string::npos) return false;
    fields[part.substr(0, equals)] = part.substr(equals + 1);
  }
  std::vector<std::string> scope = Split(fields["Credential"], '/');
  if (scope.size() != 5 || fields["SignedHeaders"].empty() || fields["Signature"].empty()) return false;
  out = {scope[0],           scope[1], scope[2], scope[3], scope[4], Split(fields["SignedHeaders"], ';'),
         fields["Signature"]};
  return true;
}

std::string CanonicalRequest(const HttpRequest& request, const Authorization& authorization) {
  std::string path = request.path.empty() ? "/" : request.path;
  std::string out =
      request.method + "\n" + UriEncode(path, true) + "\n" + CanonicalQuery(request.query) + "\n";
  std::string names;
  for (const std::string& name : authorization.signed_headers) {
    std::string values;
    for (const auto& [key, value] : request.headers) {
      if (key == name) values += (values.empty() ? "" : ",") + CollapseBlanks(value);
    }
    out.append(name).append(":").append(values).append("\n");
    names += (names.empty() ? "" : ";") + name;
  }
  return out + "\n" + names + "\n" + Hex(Sha256(request.body));
}

std::string Expected(const HttpRequest& request, const Authorization& authorization,
                     const std::string& secret, const std::string& amz_date) {
  std::string scope =
      authorization.date + "/" + authorization.region + "/" + authorization.service + "/aws4_request";
  std::string text = std::string(kAlgorithm) + "\n" + amz_date + "\n" + scope + "\n" +
                     Hex(Sha256(CanonicalRequest(request, authorization)));
  std::string key = HmacSha256("AWS4" + secret, authorization.date);
  for (const std::string& part : {authorization.region, authorization.service, std::string("aws4_request")}) {
    key = HmacSha256(key, part);
  }
  return Hex(HmacSha256(key, text));
}

SignatureVerdict Refuse(std::string error, std::string message) {
  SignatureVerdict verdict;
  verdict.error = std::move(error);
  verdict.message = std::move(message);
  return verdict;
}

SignatureVerdict CheckDate(int64_t signed_at, int64_t now) {
  std::string then = AmzDate(signed_at);
  if (signed_at < now - kMaxSkewSeconds) {
    return Refuse("InvalidSignatureException", "Signature expired: " + then + " is now earlier than " +
                                                   AmzDate(now - kMaxSkewSeconds) + " (" + AmzDate(now) +
                                                   " - 5 min.)");
  }
  if (signed_at > now + kMaxSkewSeconds) {
    return Refuse("InvalidSignatureException", "Signature not yet current: " + then +
                                                   " is still later than " + AmzDate(now + kMaxSkewSeconds) +
                                                   " (" + AmzDate(now) + " + 5 min.)");
  }
  return {};
}

// What the service lets pass, or answers vaguely, and yet no careful client does.
std::vector<std::string> Carelessness(const HttpRequest& request, const Authorization& authorization) {
  std::vector<std::string> found;
  const auto& names = authorization.signed_headers;
  auto is_signed = [&](std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (!is_signed("host")) found.push_back("host is not signed");
  if (!std::is_sorted(names.begin(), names.end())) found.push_back("signed headers are not sorted");
  for (const auto& header : request.headers) {
    const std::string& name = header.first;
    if (name.starts_with("x-amz-") && !is_signed(name)) found.push_back(name + " is not signed");
    if (request.CountHeader(name) > 1) found.push_back(name + " is sent twice");
  }
  return found;
}

const Credential* FindCredential(const std::vector<Credential>& credentials, const std::string& access_key) {
  auto found = std::find_if(credentials.begin(), credentials.end(), [&](const Credential& credential) {
    return credential.access_key == access_key;
  });
  return found == credentials.end() ? nullptr : &*found;
}

}  // namespace

std::string Hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  for (unsigned char c : bytes) out += {kDigits[c >> 4], kDigits[c & 15]};
  return out;
}

std::string Sha256(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr);
  return std::string(reinterpret_cast<char*>(digest), size);
}

std::string HmacSha256(std::string_view key, std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
       reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(), digest, &size);
  return std::string(reinterpret_cast<char*>(digest), size);
}

SignatureVerdict CheckSignature(const HttpRequest& request, const std::vector<Credential>& credentials,
                                std::string_view region, int64_t now, double server_age_s) {
  std::string_view header = request.Header("authorization");
  if (header.empty())
    return Refuse("MissingAuthenticationTokenException", "Request is missing Authentication Token");
  Authorization authorization;
  if (!ParseAuthorization(header, authorization)) {
    // The service echoes the header; so do we, since a client must not.
    return Refuse("IncompleteSignatureException",
                  "Authorization header requires 'Credential', 'Signature' and 'SignedHeaders' parameters. "
                  "Authorization=" +
                      std::string(header));
  }
  std::string amz_date(request.Header("x-amz-date"));
  int64_t signed_at = ParseAmzDate(amz_date);
  if (signed_at < 0) {
    return Refuse("IncompleteSignatureException",
                  "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
                  "Authorization=" +
                      std::string(header));
  }
  const Credential* credential = FindCredential(credentials, authorization.access_key);
  std::string_view token = request.Header("x-amz-security-token");
  if (credential == nullptr || token != credential->token) {
    return Refuse("UnrecognizedClientException", "The security token included in the request is invalid.");
  }
  if (credential->expired ||
      (credential->expires_after_s >= 0 && server_age_s > credential->expires_after_s)) {
    return Refuse("ExpiredTokenException", "The security token included in the request is expired");
  }
  if (authorization.region != region) {
    return Refuse("InvalidSignatureException",
                  "Credential should be scoped to a valid region, not '" + authorization.region + "'. ");
  }
  if (authorization.service != "dynamodb" || authorization.terminator != "aws4_request" ||
      authorization.date != amz_date.substr(0, 8)) {
    return Refuse("InvalidSignatureException",
                  "Credential should be scoped to correct service: 'dynamodb'. ");
  }
  if (SignatureVerdict date = CheckDate(signed_at, now); !date.error.empty()) return date;
  std::string expected = Expected(request, authorization, credential->secret, amz_date);
  if (expected.size() != authorization.signature.size() ||
      CRYPTO_memcmp(expected.data(), authorization.signature.data(), expected.size()) != 0) {
    return Refuse("InvalidSignatureException",
                  "The request signature we calculated does not match the signature you provided. Check your "
                  "AWS Secret "
                  "Access Key and signing method. Consult the service documentation for details.");
  }
  SignatureVerdict verdict;
  verdict.credential = credential;
  verdict.violations = Carelessness(request, authorization);
  return verdict;
}

}  // namespace scripted
