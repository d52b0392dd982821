#include "dynamodb/client.h"

#include <zlib.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "aws/sha256.h"

namespace ddb {
namespace {

constexpr std::string_view kTargetPrefix = "DynamoDB_20120810.";
// A refused batch may come back in the error's message: the limit on a reply follows its request. Replies of
// the control plane have no such measure; the largest descriptions are far below this.
constexpr size_t kReplyOverRequest = 64 * 1024;
constexpr size_t kControlReply = 1024 * 1024;

bool CrcMatches(const HttpReply& reply) {
  if (!reply.has_crc32) return true;
  return crc32_z(0, reinterpret_cast<const Bytef*>(reply.body.data()), reply.body.size()) == reply.crc32;
}

class HttpDynamoDbClient final : public Client {
 public:
  HttpDynamoDbClient(EventLoop& loop, const Clock& clock, const Endpoint& endpoint,
                     std::shared_ptr<const CredentialsSource> credentials, const ClientOptions& options)
      : loop_(loop),
        clock_(clock),
        skew_(options.clock_skew ? options.clock_skew : std::make_shared<ClockSkew>()),
        signer_(endpoint, std::move(credentials)),
        http_(loop, clock, endpoint, options.http) {}

  ~HttpDynamoDbClient() override {
    if (!first_) return;
    HttpReply cancelled;
    cancelled.transport = TransportError::kCancelled;
    Deliver(cancelled, clock_, *skew_, first_->done);
  }

  // A request waits for a second one of the same turn: their bodies are hashed together, which takes hardly
  // longer than one (aws/sha256). It never waits longer than the turn.
  void Send(std::string_view operation, Buffer& body, Done done) override {
    Request request{operation, &body, std::move(done)};
    if (!first_) {
      first_ = std::move(request);
      loop_.AtEndOfTurn([this, alive = std::weak_ptr<int>(alive_)] {
        if (!alive.expired()) SendFirst();
      });
      return;
    }
    Request first = *std::exchange(first_, std::nullopt);
    const auto [first_hash, second_hash] = Sha256Pair(first.body->view(), request.body->view());
    SignAndSend(std::move(first), first_hash);
    SignAndSend(std::move(request), second_hash);
  }

  size_t in_flight() const override { return http_.in_flight() + (first_ ? 1 : 0); }

 private:
  struct Request {
    std::string_view operation;
    Buffer* body;
    Done done;
  };

  void SendFirst() {
    if (!first_) return;  // it left with a second one
    Request first = *std::exchange(first_, std::nullopt);
    const Sha256Digest hash = Sha256(first.body->view());
    SignAndSend(std::move(first), hash);
  }

  void SignAndSend(Request request, const Sha256Digest& hash) {
    Buffer& body = *request.body;
    target_.assign(kTargetPrefix).append(request.operation);
    const std::string_view head =
        signer_.SignedHead(target_, body.size(), hash, clock_.WallMillis() + skew_->OffsetMillis());
    if (head.size() > Buffer::kHeadRoom) {
      RefuseLongHead(std::move(request.done));
      return;
    }
    size_t limit = body.size() + kReplyOverRequest;
    if (request.operation != "BatchWriteItem") limit = std::max(limit, kControlReply);
    // The skew is captured by itself: this runs in the destructor of `http_` too.
    http_.Send(body.WithHead(head), limit,
               [&clock = clock_, skew = skew_.get(), done = std::move(request.done)](const HttpReply& reply) {
                 Deliver(reply, clock, *skew, done);
               });
  }

  static void Deliver(const HttpReply& http, const Clock& clock, ClockSkew& skew, const Done& done) {
    Reply reply;
    reply.verdict = Classify(http, CrcMatches(http));
    if (reply.verdict.code == ErrorCode::kClockSkew && http.date_seconds != 0) {
      skew.Learn(http.date_seconds, clock.WallMillis());
    }
    if (reply.verdict.ok()) reply.body = http.body;
    reply.request_id = http.request_id;
    done(reply);
  }

  void RefuseLongHead(Done done) {
    loop_.Post([done = std::move(done)] {
      Reply reply;
      reply.verdict.reaction = Reaction::kFailConfig;
      reply.verdict.code = ErrorCode::kOther;
      reply.verdict.reason = "the credentials do not fit the head of a request";
      done(reply);
    });
  }

  EventLoop& loop_;
  const Clock& clock_;
  const std::shared_ptr<ClockSkew> skew_;
  const std::shared_ptr<int> alive_ = std::make_shared<int>(0);  // for what the end of a turn still holds
  std::optional<Request> first_;
  std::string target_;
  Signer signer_;
  HttpClient http_;  // last: its destructor ends what waits, which uses the members above
};

}  // namespace

std::unique_ptr<Client> MakeHttpDynamoDbClient(EventLoop& loop, const Clock& clock, const Endpoint& endpoint,
                                               std::shared_ptr<const CredentialsSource> credentials,
                                               const ClientOptions& options) {
  return std::make_unique<HttpDynamoDbClient>(loop, clock, endpoint, std::move(credentials), options);
}

}  // namespace ddb
