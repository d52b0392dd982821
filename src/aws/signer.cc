#include "aws/signer.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>
#include <vector>

#include "aws/percent_encoding.h"
#include "base/text.h"

namespace ddb {

namespace {

constexpr size_t kBlock = 64;  // SHA-256's, for HMAC

std::string_view AsText(const Sha256Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

// HMAC-SHA-256 with one key (RFC 2104). Both passes hash one run of bytes that begins with the padded key, so
// that nothing is allocated or set up for a message.
class Hmac {
 public:
  explicit Hmac(std::string_view key) {
    const Sha256Digest hashed = key.size() > kBlock ? Sha256(key) : Sha256Digest{};
    if (key.size() > kBlock) key = AsText(hashed);
    inner_.assign(key);
    inner_.resize(kBlock);
    outer_ = inner_;
    for (char& c : inner_) c = static_cast<char>(c ^ 0x36);
    for (char& c : outer_) c = static_cast<char>(c ^ 0x5c);
  }

  Sha256Digest operator()(std::string_view message) {
    inner_.resize(kBlock);
    inner_ += message;
    outer_.resize(kBlock);
    outer_ += AsText(Sha256(inner_));
    return Sha256(outer_);
  }

 private:
  std::string inner_;
  std::string outer_;
};

// The path as it is signed: without empty, "." and ".." segments, and encoded once more than it is sent
// (every service but S3 signs it so).
std::string CanonicalPath(std::string_view path) {
  std::vector<std::string_view> segments;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view segment = path.substr(begin, end - begin);
    if (segment == "..") {
      if (!segments.empty()) segments.pop_back();
    } else if (!segment.empty() && segment != ".") {
      segments.push_back(segment);
    }
    begin = end + 1;
  }
  std::string canonical;
  for (const std::string_view segment : segments) {
    canonical += '/';
    AppendPercentEncoded(segment, canonical);
  }
  if (segments.empty() || path.back() == '/') canonical += '/';
  return canonical;
}

// "20150830T123600Z".
std::string AmzDate(int64_t seconds) {
  const std::chrono::sys_seconds time{std::chrono::seconds(seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::string text;
  const auto append = [&text](unsigned value, int width) {
    const size_t begin = text.size();
    text.resize(begin + static_cast<size_t>(width));
    for (size_t i = text.size(); i > begin; value /= 10) text[--i] = static_cast<char>('0' + value % 10);
  };
  append(static_cast<unsigned>(static_cast<int>(date.year())), 4);
  append(static_cast<unsigned>(date.month()), 2);
  append(static_cast<unsigned>(date.day()), 2);
  text += 'T';
  append(static_cast<unsigned>(clock.hours().count()), 2);
  append(static_cast<unsigned>(clock.minutes().count()), 2);
  append(static_cast<unsigned>(clock.seconds().count()), 2);
  text += 'Z';
  return text;
}

}  // namespace

struct Signer::Impl {
  // Set at construction.
  std::shared_ptr<const CredentialsSource> source;
  std::string service;
  std::string region;
  std::string request_line_and_host;  // and all other headers that never change
  std::string canonical_begin;        // up to the date

  // Of the last request's second, day and credentials.
  int64_t second = -1;
  std::string date;
  std::shared_ptr<const Credentials> credentials;
  std::string day;    // of `key` and `scope`
  std::string scope;  // "20150830/us-east-1/dynamodb/aws4_request"
  Hmac key{{}};       // the signing key
  std::string_view signed_headers;

  // Kept for their storage.
  std::string canonical, to_sign, head;

  void Refresh(int64_t wall_millis);
};

// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
void Signer::Impl::Refresh(int64_t wall_millis) {
  if (wall_millis / 1000 != second) {
    second = wall_millis / 1000;
    date = AmzDate(second);
  }
  const bool current = credentials && credentials->version == source->version();
  if (current && date.starts_with(day) && !day.empty()) return;
  if (!current) credentials = source->Current();
  day = date.substr(0, 8);
  scope = day + "/" + region + "/" + service + "/aws4_request";
  const Sha256Digest of_day = Hmac("AWS4" + credentials->secret_access_key)(day);
  const Sha256Digest of_region = Hmac(AsText(of_day))(region);
  const Sha256Digest of_service = Hmac(AsText(of_region))(service);
  key = Hmac(AsText(Hmac(AsText(of_service))("aws4_request")));
  signed_headers = credentials->session_token.empty() ? "content-type;host;x-amz-date"
                                                      : "content-type;host;x-amz-date;x-amz-security-token";
}

Signer::Signer(const Endpoint& endpoint, std::shared_ptr<const CredentialsSource> credentials,
               const SigningScheme& scheme, const RequestForm& form)
    : impl_(std::make_unique<Impl>()) {
  impl_->source = std::move(credentials);
  impl_->region = endpoint.region;
  impl_->service = scheme.service;
  const std::string content_type(scheme.content_type);
  impl_->request_line_and_host = "POST " + form.before_path + endpoint.path +
                                 " HTTP/1.1\r\nHost: " + endpoint.host_header + "\r\n" + form.lines +
                                 "User-Agent: destination-dynamodb\r\nAccept-Encoding: identity\r\n"
                                 "Content-Type: " +
                                 content_type + "\r\n";
  impl_->canonical_begin = "POST\n" + CanonicalPath(endpoint.path) + "\n\ncontent-type:" + content_type +
                           "\nhost:" + endpoint.host_header + "\nx-amz-date:";
}

Signer::~Signer() = default;

uint64_t Signer::version() const { return impl_->credentials ? impl_->credentials->version : 0; }

std::string_view Signer::SignedHead(std::string_view target, std::string_view body, int64_t wall_millis) {
  return SignedHead(target, body.size(), Sha256(body), wall_millis);
}

std::string_view Signer::SignedHead(std::string_view target, size_t body_size, const Sha256Digest& body_hash,
                                    int64_t wall_millis) {
  Impl& s = *impl_;
  s.Refresh(wall_millis);
  const std::string& token = s.credentials->session_token;

  s.canonical.assign(s.canonical_begin).append(s.date);
  if (!token.empty()) s.canonical.append("\nx-amz-security-token:").append(token);
  if (!target.empty()) s.canonical.append("\nx-amz-target:").append(target);
  const std::string_view and_target = target.empty() ? "" : ";x-amz-target";
  s.canonical.append("\n\n").append(s.signed_headers).append(and_target).append("\n");
  AppendHex(body_hash, s.canonical);

  s.to_sign.assign("AWS4-HMAC-SHA256\n").append(s.date).append("\n").append(s.scope).append("\n");
  AppendHex(Sha256(s.canonical), s.to_sign);

  s.head.assign(s.request_line_and_host);
  if (!target.empty()) s.head.append("X-Amz-Target: ").append(target).append("\r\n");
  s.head.append("X-Amz-Date: ").append(s.date);
  if (!token.empty()) s.head.append("\r\nX-Amz-Security-Token: ").append(token);
  s.head.append("\r\nAuthorization: AWS4-HMAC-SHA256 Credential=").append(s.credentials->access_key_id);
  s.head.append("/")
      .append(s.scope)
      .append(", SignedHeaders=")
      .append(s.signed_headers)
      .append(and_target)
      .append(", Signature=");
  AppendHex(s.key(s.to_sign), s.head);
  char length[24];
  char* const end = std::to_chars(length, length + sizeof(length), body_size).ptr;
  s.head.append("\r\nContent-Length: ").append(length, end).append("\r\n\r\n");
  return s.head;
}

}  // namespace ddb
