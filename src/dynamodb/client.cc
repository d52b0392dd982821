#include "dynamodb/client.h"

#include <zlib.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "aws/sha256.h"

namespace ddb {
namespace {

constexpr std::string_view kTargetPrefix = "DynamoDB_20120810.";
// Requests are sent in bursts of at most so many, or of so many bytes (what the second-level cache keeps
// from encoding to sending): whoever receives them wakes up once for all of them.
constexpr size_t kBurst = 8;
constexpr size_t kBurstBytes = 128 * 1024;
// A refused request may come back in the error's message: the limit on a reply follows its request.
constexpr size_t kReplyOverRequest = 64 * 1024;

uint32_t Crc32(std::string_view text) {
  return static_cast<uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(text.data()), text.size()));
}

// Of the body as the service sent it (botocore: the `crc32body` of its retry rules): what came; or, where
// something on the way packed or unpacked it, what it is unpacked.
bool CrcMatches(const HttpReply& reply) {
  return !reply.has_crc32 || Crc32(reply.sent_body) == reply.crc32 ||
         (reply.sent_body.data() != reply.body.data() && Crc32(reply.body) == reply.crc32);
}

// https://www.rfc-editor.org/rfc/rfc8259#section-8.1: nobody may send a byte order mark, and who reads may
// pass over it.
std::string_view WithoutMark(std::string_view body) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  return body.starts_with(kMark) ? body.substr(kMark.size()) : body;
}

class HttpDynamoDbClient final : public Client {
 public:
  HttpDynamoDbClient(EventLoop& loop, const Clock& clock, const Endpoint& endpoint,
                     std::shared_ptr<CredentialsSource> credentials, const ClientOptions& options)
      : loop_(loop),
        clock_(clock),
        skew_(options.clock_skew ? options.clock_skew : std::make_shared<ClockSkew>()),
        credentials_(std::move(credentials)),
        signer_(endpoint, credentials_, kDynamoDbScheme, FormFor(endpoint, options.http.proxy.get())),
        http_(loop, clock, endpoint, options.http) {}

  ~HttpDynamoDbClient() override {
    HttpReply cancelled;
    cancelled.transport = TransportError::kCancelled;
    for (const Request& request : burst_) Deliver(cancelled, LessonOf(0), request.done);
  }

  // A request waits for others of the same turn: they leave together, and the bodies of two are hashed in
  // hardly more time than that of one (aws/sha256). It never waits longer than the turn.
  void Send(const Operation& operation, Buffer& body, Done done) override {
    if (burst_.empty()) {
      loop_.AtEndOfTurn([this, alive = std::weak_ptr<int>(alive_)] {
        if (!alive.expired()) SendBurst();
      });
    }
    burst_.push_back({operation, &body, std::move(done)});
    burst_bytes_ += body.size();
    const bool even = burst_.size() % 2 == 0;
    if (even && (burst_.size() >= kBurst || burst_bytes_ >= kBurstBytes)) SendBurst();
  }

  size_t in_flight() const override { return http_.in_flight() + burst_.size(); }
  bool has_sent() const override { return http_.has_sent(); }
  void ShortenReplyTimeout(Duration timeout) override { http_.ShortenReplyTimeout(timeout); }

 private:
  struct Request {
    Operation operation;
    Buffer* body;
    Done done;
  };

  // Empty at the end of a turn whose requests have left already.
  void SendBurst() {
    for (size_t i = 0; i + 1 < burst_.size(); i += 2) {
      const auto [first, second] = Sha256Pair(burst_[i].body->view(), burst_[i + 1].body->view());
      SignAndSend(std::move(burst_[i]), first);
      SignAndSend(std::move(burst_[i + 1]), second);
    }
    if (burst_.size() % 2 == 1) {
      const Sha256Digest hash = Sha256(burst_.back().body->view());
      SignAndSend(std::move(burst_.back()), hash);
    }
    burst_.clear();
    burst_bytes_ = 0;
  }

  void SignAndSend(Request request, const Sha256Digest& hash) {
    Buffer& body = *request.body;
    target_.assign(kTargetPrefix).append(request.operation.name);
    const std::string_view head =
        signer_.SignedHead(target_, body.size(), hash, clock_.WallMillis() + skew_->OffsetMillis());
    const size_t limit = std::max(body.size() + kReplyOverRequest, request.operation.least_reply);
    http_.Send(body.WithHead(head), limit,
               [lesson = LessonOf(signer_.version()),
                done = std::move(request.done)](const HttpReply& reply) { Deliver(reply, lesson, done); });
  }

  // What a reply teaches, and about which credentials. By itself: replies come in the destructor of `http_`
  // too.
  struct Lesson {
    const Clock* clock;
    ClockSkew* skew;
    CredentialsSource* credentials;
    uint64_t version;
  };
  Lesson LessonOf(uint64_t version) { return {&clock_, skew_.get(), credentials_.get(), version}; }

  static void Learn(const HttpReply& http, const Lesson& lesson, Verdict& verdict) {
    switch (verdict.code) {
      case ErrorCode::kClockSkew:
        if (http.date_seconds != 0) lesson.skew->Learn(http.date_seconds, lesson.clock->WallMillis());
        break;
      case ErrorCode::kExpiredToken:
        // What nobody has yet cannot be signed with at once: it is waited for as for any trouble that passes.
        if (lesson.credentials->Refresh(lesson.version) == CredentialsSource::Renewal::kComing) {
          verdict.reaction = Reaction::kRetry;
          verdict.reason = kAwaitsCredentials;
        }
        break;
      case ErrorCode::kUnrecognizedClient:  // those of a session that was ended before its time
        (void)lesson.credentials->Refresh(lesson.version);
        break;
      default:
        break;
    }
  }

  static void Deliver(HttpReply http, const Lesson& lesson, const Done& done) {
    http.body = WithoutMark(http.body);
    Reply reply;
    reply.verdict = Classify(http, CrcMatches(http));
    Learn(http, lesson, reply.verdict);
    if (reply.verdict.ok()) reply.body = http.body;
    reply.request_id = http.request_id;
    done(reply);
  }

  EventLoop& loop_;
  const Clock& clock_;
  const std::shared_ptr<ClockSkew> skew_;
  const std::shared_ptr<CredentialsSource> credentials_;
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // for what the end of a turn still holds
  std::vector<Request> burst_;
  size_t burst_bytes_ = 0;
  std::string target_;
  Signer signer_;
  HttpClient http_;  // last: its destructor ends what waits, which uses the members above
};

}  // namespace

std::unique_ptr<Client> MakeHttpDynamoDbClient(EventLoop& loop, const Clock& clock, const Endpoint& endpoint,
                                               std::shared_ptr<CredentialsSource> credentials,
                                               const ClientOptions& options) {
  return std::make_unique<HttpDynamoDbClient>(loop, clock, endpoint, std::move(credentials), options);
}

}  // namespace ddb
