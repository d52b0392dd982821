#include "simulation/network.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>

namespace ddb::simulation {
namespace {

Fault FaultNamed(const std::string& name) {
  for (int i = 0; i < kFaults; ++i)
    if (name == NameOf(static_cast<Fault>(i))) return static_cast<Fault>(i);
  throw std::invalid_argument("no such fault: " + name);
}

// Each fault's own dice for one request.
Dice ShapeOf(const Plan& plan, Fault fault, uint64_t number) {
  return {plan.seed, static_cast<uint64_t>(Draw::kFaultShape) + static_cast<uint64_t>(fault), number};
}

// What a proxy, or a service in trouble, says with a 200.
std::string NoReplyOfDynamoDb(Dice& dice) {
  static constexpr const char* kBodies[] = {
      "",    "{}", "<html>please log in</html>", "{\"UnprocessedItems\":", "[]", "{\"UnprocessedItems\":[]}",
      "null"};
  return kBodies[dice.Below(std::size(kBodies))];
}

}  // namespace

// A request, from Send until nothing can happen to it any more.
struct Network::Flight {
  uint64_t number = 0;
  Tables::Request request;
  Fault fault = Fault::kNone;
  Instant passed;  // the line, with its last byte
  std::weak_ptr<SimClient*> client;
};

class Network::SimClient final : public Client {
 public:
  SimClient(Network& network, EventLoop& loop, size_t most) : network_(network), loop_(loop), most_(most) {}
  ~SimClient() override {
    for (auto& [number, waiting] : std::exchange(waiting_, {}))
      Tell(std::move(waiting), {TransportError::kCancelled, {}});
    for (auto& [number, done] : std::exchange(looks_, {})) Tell(done, {TransportError::kCancelled, {}});
  }

  void Send(const Operation& operation, Buffer& body, Done done) override {
    Scheduler& scheduler = network_.scheduler_;
    if (operation.name == "DescribeTable") {
      SendLook(body, std::move(done));
      return;
    }
    const auto flight = std::make_shared<Flight>();
    flight->number = network_.next_++;
    flight->client = alive_;
    const uint64_t hash = std::hash<std::string_view>()(body.view());
    scheduler.Trace("request", hash);
    flight->request = network_.tables_.Parse(body.view());
    waiting_.emplace(flight->number, Waiting{flight, &body, hash, std::move(done)});
    network_.bytes_sent_ += body.size();
    network_.bytes_in_flight_ += body.size();
    network_.most_bytes_in_flight_ = std::max(network_.most_bytes_in_flight_, network_.bytes_in_flight_);
    if (waiting_.size() > most_) scheduler.Fail("in_flight", "more requests than a worker may send at once");
    network_.Launch(flight, body.size());
    ExpireLater(*flight);
  }
  size_t in_flight() const override { return waiting_.size(); }
  void ShortenReplyTimeout(Duration timeout) override {
    if (timeout >= timeout_) return;
    timeout_ = timeout;
    for (const auto& [number, waiting] : waiting_) ExpireLater(*waiting.flight);
  }

  // On its loop, unless it was answered already.
  void Answered(uint64_t number, Answer answer) {
    loop_.Post([this, alive = std::weak_ptr(alive_), number, answer = std::move(answer)] {
      if (alive.expired()) return;
      auto waiting = waiting_.extract(number);
      if (!waiting.empty()) Tell(std::move(waiting.mapped()), answer);
    });
  }

 private:
  static constexpr Duration kConnectTimeout = std::chrono::seconds(10);
  struct Waiting {
    FlightPtr flight;
    Buffer* body;
    uint64_t hash;
    Done done;
  };

  // Beside the data: not on its line, and with dice of its own, so that nothing else is drawn otherwise for
  // it.
  void SendLook(const Buffer& body, Done done) {
    const uint64_t number = network_.looks_++;
    network_.scheduler_.Trace("look", std::hash<std::string_view>()(body.view()));
    looks_.emplace(number, std::move(done));
    const auto [delay, answer] = network_.Look(number, body.view());
    network_.scheduler_.At(network_.scheduler_.Now() + delay,
                           [alive = std::weak_ptr(alive_), number, answer = answer] {
                             const auto self = alive.lock();
                             if (self) (*self)->Looked(number, answer);
                           });
  }
  void Looked(uint64_t number, const Answer& answer) {
    loop_.Post([this, alive = std::weak_ptr(alive_), number, answer] {
      if (alive.expired()) return;
      auto look = looks_.extract(number);
      if (!look.empty()) Tell(look.mapped(), answer);
    });
  }

  void ExpireLater(const Flight& flight) {
    const bool connects = flight.fault == Fault::kConnectTimeout;
    network_.scheduler_.At(
        flight.passed + (connects ? kConnectTimeout : timeout_),
        [alive = std::weak_ptr(alive_), number = flight.number, connects] {
          const auto self = alive.lock();
          if (self)
            (*self)->Answered(number,
                              {connects ? TransportError::kConnectTimeout : TransportError::kTimeout, {}});
        });
  }

  void Tell(Waiting waiting, const Answer& answer) {
    if (std::hash<std::string_view>()(waiting.body->view()) != waiting.hash)
      network_.scheduler_.Fail("bytes_changed", "a body was changed while it was sent");
    network_.bytes_in_flight_ -= waiting.body->size();
    if (answer.transport == TransportError::kTimeout) ++network_.timeouts_;
    Tell(waiting.done, answer);
  }
  static void Tell(const Done& done, const Answer& answer) {
    HttpReply http;
    http.transport = answer.transport;
    http.status = answer.http.status;
    http.body = http.sent_body = answer.http.body;
    Reply reply;
    reply.verdict = Classify(http, answer.http.right_crc);
    if (reply.verdict.ok()) reply.body = http.body;
    done(reply);
  }

  Network& network_;
  EventLoop& loop_;
  const size_t most_;
  Duration timeout_ = HttpClient::Options{}.reply_timeout;
  std::map<uint64_t, Waiting> waiting_;  // by number
  std::map<uint64_t, Done> looks_;       // by number
  const std::shared_ptr<SimClient*> alive_ = std::make_shared<SimClient*>(this);
};

Network::Network(const Plan& plan, Tables& tables, Scheduler& scheduler)
    : plan_(plan), tables_(tables), scheduler_(scheduler), line_free_(scheduler.Now()) {
  if (!plan.fired) return;
  for (const FiredFault& fired : *plan.fired) listed_[fired.request] = FaultNamed(fired.fault);
}

std::unique_ptr<Client> Network::MakeClient(EventLoop& loop, size_t most_requests) {
  return std::make_unique<SimClient>(*this, loop, most_requests);
}

std::pair<Duration, Network::Answer> Network::Look(uint64_t number, std::string_view body) {
  Dice dice(plan_.seed, simulation::Draw::kLook, number);
  const Duration delay = FromSeconds(plan_.delay_s * dice.Uniform(0.5, 2));
  const bool calm = scheduler_.Seconds() >= plan_.calm_s || (plan_.faults.empty() && !plan_.fired);
  if (calm || dice.Chance(0.5)) return {delay, {{}, tables_.Describe(body)}};
  if (dice.Chance(0.3)) return {HttpClient::Options{}.reply_timeout, {TransportError::kTimeout, {}}};
  if (dice.Chance(0.3)) return {delay, {TransportError::kReset, {}}};
  if (dice.Chance(0.3)) return {delay, {{}, {200, NoReplyOfDynamoDb(dice), true}}};
  return {delay, {{}, Tables::Error(400, "com.amazonaws.dynamodb.v20120810#LimitExceededException")}};
}

Instant Network::PassLine(size_t bytes) {
  Instant begin = std::max(scheduler_.Now(), line_free_);
  const Instant origin = scheduler_.Now() - FromSeconds(scheduler_.Seconds());
  for (const Spell& stall : plan_.line_stalls) {
    if (begin >= origin + FromSeconds(stall.from) && begin < origin + FromSeconds(stall.to))
      begin = origin + FromSeconds(stall.to);
  }
  line_free_ = begin + FromSeconds(static_cast<double>(bytes) / plan_.line_bytes_per_s);
  return line_free_;
}

// Of a request, there (0) or back (1).
Duration Network::Delay(uint64_t number, uint64_t leg) const {
  Dice dice(plan_.seed, simulation::Draw::kLine, 2 * number + leg);
  return FromSeconds(plan_.delay_s / 2 * (1 - plan_.jitter * std::log(1 - dice.Unit())));
}

bool Network::Drawn(const FaultRate& rate, uint64_t number) const {
  const double now = scheduler_.Seconds();
  if (rate.on_s > 0 && std::fmod(now, rate.on_s + rate.off_s) >= rate.on_s) return false;
  const auto kind =
      static_cast<uint64_t>(simulation::Draw::kFault) + static_cast<uint64_t>(FaultNamed(rate.fault));
  return Dice(plan_.seed, kind, number).Chance(rate.rate);
}

Fault Network::Draw(uint64_t number) const {
  if (scheduler_.Seconds() >= plan_.calm_s) return Fault::kNone;
  if (plan_.fired) {
    const auto listed = listed_.find(number);
    return listed == listed_.end() ? Fault::kNone : listed->second;
  }
  for (const FaultRate& rate : plan_.faults)
    if (Drawn(rate, number)) return FaultNamed(rate.fault);
  return Fault::kNone;
}

void Network::Launch(const FlightPtr& flight, size_t bytes) {
  flight->fault = Draw(flight->number);
  if (flight->fault != Fault::kNone) {
    fired_.push_back({NameOf(flight->fault), flight->number});
    scheduler_.Trace(NameOf(flight->fault), flight->number);
  }
  flight->passed = flight->fault == Fault::kConnectTimeout ? scheduler_.Now() : PassLine(bytes);
  if (flight->fault == Fault::kConnectTimeout || flight->fault == Fault::kLost) return;
  scheduler_.At(flight->passed + Delay(flight->number, 0), [this, flight] { Arrive(flight); });
}

void Network::Arrive(const FlightPtr& flight) {
  Dice dice = ShapeOf(plan_, flight->fault, flight->number);
  const Tables::Request& request = flight->request;
  switch (flight->fault) {
    case Fault::kResetBefore:
      return AnswerLater(flight, {TransportError::kReset, {}});
    case Fault::kResetAfter:
      tables_.Write(request);
      return AnswerLater(flight, {TransportError::kReset, {}});
    case Fault::kCutShort:
      tables_.Write(request);
      return AnswerLater(flight, {TransportError::kCutShort, {}});
    case Fault::kNoReply:
      tables_.Write(request);
      return;
    case Fault::kLateEffect:
      scheduler_.At(scheduler_.Now() + FromSeconds(dice.Uniform(0, 60)),
                    [this, flight] { tables_.Write(flight->request); });
      return;
    case Fault::kStall:
      return AnswerLater(flight, {{}, tables_.Write(request)}, FromSeconds(dice.LogUniform(0.2, 40)));
    case Fault::kServerErrorStored:
      tables_.Write(request);
      [[fallthrough]];
    case Fault::kServerError:
      return AnswerLater(flight, {{}, Tables::Error(dice.Chance(0.5) ? 500 : 503, "InternalServerError")});
    case Fault::kThrottled: {
      static constexpr const char* kTypes[] = {"ThrottlingException", "RequestLimitExceeded",
                                               "ProvisionedThroughputExceededException"};
      return AnswerLater(flight, {{}, Tables::Error(400, kTypes[dice.Below(std::size(kTypes))])});
    }
    case Fault::kUnprocessed: {
      const double share = dice.Unit();
      std::vector<bool> taken;
      for (size_t i = 0; i < request.items.size(); ++i) taken.push_back(dice.Chance(share));
      return AnswerLater(flight, {{}, tables_.WriteSome(request, taken)});
    }
    case Fault::kBadReplyStored:
      tables_.Write(request);
      [[fallthrough]];
    case Fault::kBadReply:
      return AnswerLater(flight, {{}, {200, NoReplyOfDynamoDb(dice), true}});
    case Fault::kForeignUnprocessed:
      return AnswerLater(flight,
                         {{}, {200, R"({"UnprocessedItems":{"t_s0":[{"PutRequest":{"Item":{}}}]}})", true}});
    case Fault::kWrongCrc: {
      Answer answer{{}, tables_.Write(request)};
      answer.http.right_crc = false;
      return AnswerLater(flight, std::move(answer));
    }
    case Fault::kExpiredToken:
      return AnswerLater(flight, {{}, Tables::Error(400, "com.amazon.coral.service#ExpiredTokenException")});
    case Fault::kTooLarge:
      if (request.items.size() > 1) return AnswerLater(flight, {{}, {413, "", true}});
      break;
    default:
      break;
  }
  AnswerLater(flight, {{}, tables_.Write(request)});
}

void Network::AnswerLater(const FlightPtr& flight, Answer answer, Duration after) {
  scheduler_.At(scheduler_.Now() + Delay(flight->number, 1) + after, [flight, answer = std::move(answer)] {
    if (const auto client = flight->client.lock()) (*client)->Answered(flight->number, answer);
  });
}

}  // namespace ddb::simulation
