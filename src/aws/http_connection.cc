#include "aws/http_connection.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "aws/tls.h"

namespace ddb {

HttpConnection::HttpConnection(Common& common) : common_(common) {}

HttpConnection::~HttpConnection() { CloseDescriptor(); }

void HttpConnection::Open(std::vector<Address> addresses, HttpExchange exchange) {
  addresses_ = std::move(addresses);
  exchange_ = std::move(exchange);
  state_ = State::kConnecting;
  connect_by_ = common_.clock.Now() + common_.options.connect_timeout;
  ConnectNext();
}

// Tries the addresses that are left; each has its share of the time that is left.
void HttpConnection::ConnectNext() {
  bool no_descriptor = false;
  for (; address_ < addresses_.size(); ++address_) {
    const Instant now = common_.clock.Now();
    if (now >= connect_by_) {
      connect_timed_out_ = true;
      break;
    }
    if (Connect(addresses_[address_])) {
      deadline_ = now + (connect_by_ - now) / static_cast<int>(addresses_.size() - address_);
      return;
    }
    no_descriptor = fd_ < 0 && (errno == EMFILE || errno == ENFILE);
    CloseDescriptor();
    if (no_descriptor) break;  // says nothing about the address
    common_.owner.OnAddress(addresses_[address_], false);
  }
  Close(no_descriptor        ? TransportError::kNoDescriptor
        : connect_timed_out_ ? TransportError::kConnectTimeout
                             : TransportError::kRefused);
}

bool HttpConnection::Connect(const Address& address) {
  fd_ = tcp::StartConnecting(address);
  if (fd_ < 0) return false;
  watch_ = std::make_unique<EventLoop::Watch>(common_.loop, fd_);
  watch_->WhenWritable([this] { OnConnect(); });
  return true;
}

void HttpConnection::OnConnect() {
  int error = 0;
  socklen_t size = sizeof(error);
  if (getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
    NextAddress(error == ETIMEDOUT);
    return;
  }
  common_.owner.OnAddress(addresses_[address_], true);
  addresses_.clear();
  if (common_.tunnel.empty()) {
    Secure();
    return;
  }
  state_ = State::kTunnelling;
  deadline_ = common_.clock.Now() + common_.options.connect_timeout;
  tunnel_.emplace(common_.tunnel);
  OpenTunnel();
}

void HttpConnection::OpenTunnel() {
  switch (tunnel_->Step(fd_, common_.scratch)) {
    case Tunnel::State::kWantsToWrite:
      watch_->WhenWritable([this] { OpenTunnel(); });
      return;
    case Tunnel::State::kMore:
      watch_->WhenReadable([this] { OpenTunnel(); });
      return;
    case Tunnel::State::kOpen:
      Secure();
      return;
    case Tunnel::State::kFailed:
      Close(tunnel_->error());
  }
}

void HttpConnection::Secure() {
  if (!common_.tls) {
    Established();
    return;
  }
  state_ = State::kHandshaking;
  deadline_ = common_.clock.Now() + common_.options.connect_timeout;
  tls_ = std::make_unique<TlsSession>(*common_.tls, fd_);
  Handshake();
}

void HttpConnection::NextAddress(bool timed_out) {
  CloseDescriptor();
  common_.owner.OnAddress(addresses_[address_], false);
  connect_timed_out_ = connect_timed_out_ || timed_out;
  ++address_;
  ConnectNext();
}

void HttpConnection::Handshake() {
  switch (tls_->Handshake()) {
    case TlsSession::Result::kOk:
      Established();
      return;
    case TlsSession::Result::kWantRead:
      watch_->WhenReadable([this] { Handshake(); });
      return;
    case TlsSession::Result::kWantWrite:
      watch_->WhenWritable([this] { Handshake(); });
      return;
    default:
      Close(tls_->handshake_error());
  }
}

void HttpConnection::Established() {
  AwaitReadable();
  HttpExchange first = *std::exchange(exchange_, std::nullopt);
  Start(std::move(first));
}

void HttpConnection::Start(HttpExchange exchange) {
  exchange_ = std::move(exchange);
  state_ = State::kBusy;
  common_.sent = true;
  deadline_ = common_.clock.Now() + common_.options.reply_timeout;
  unsent_ = exchange_->bytes;
  acknowledged_ = GivenToKernel();
  send_failed_ = false;
  reply_begun_ = false;
  cut_off_ = stalled_ = false;
  Send();
}

// Never tells the owner anything: a connection that failed shows it when it is read, where a reply that came
// before the failure (413 and the end, say) is found too.
void HttpConnection::Send() {
  while (!unsent_.empty() && !send_failed_) {
    size_t written = 0;
    switch (Write(unsent_, &written)) {
      case Io::kOk:
        unsent_.remove_prefix(written);
        break;
      case Io::kWait:
        watch_->WhenWritable([this] { Send(); });
        return;
      default:
        send_failed_ = true;
    }
  }
}

void HttpConnection::AwaitReadable() {
  watch_->WhenReadable([this] { OnReadable(); });
}

void HttpConnection::OnReadable() {
  if (state_ == State::kIdle) {
    ReadIdle();
  } else {
    ReadReply();
  }
}

void HttpConnection::ReadReply() {
  if (!reply_begun_) parser_.Reset(exchange_->max_reply);
  for (;;) {
    size_t size = 0;
    ReplyParser::State state = ReplyParser::State::kMore;
    switch (Read(&size)) {
      case Io::kOk:
        state = parser_.Feed({common_.scratch.data(), size});
        break;
      case Io::kWait:
        AwaitReadable();
        // TLS may have had to read before it could write on.
        if (tls_) Send();
        return;
      case Io::kEnd:
        EndReply(parser_.End());
        return;
      case Io::kFailed:
        cut_off_ = true;
        EndReply(parser_.End());
        return;
    }
    if (state != ReplyParser::State::kMore) {
      EndReply(state);
      return;
    }
    NoteReplyBytes();
    if (!tls_ && size < common_.scratch.size()) {  // all that there was
      AwaitReadable();
      return;
    }
  }
}

// A reply that takes its time is not a late one, until it takes too much of it.
void HttpConnection::NoteReplyBytes() {
  const Instant now = common_.clock.Now();
  if (!std::exchange(reply_begun_, true)) {
    reply_by_ = now + HttpClient::Options::kSlowestReply * common_.options.reply_timeout;
  }
  Duration silence = common_.options.reply_timeout;
  if (parser_.open_ended()) {
    silence = std::min(silence, parser_.may_be_whole() ? HttpClient::Options::kSilentWholeBody
                                                       : HttpClient::Options::kSilentOpenEnd);
  }
  deadline_ = now + silence;  // CheckDeadline holds it to reply_by_
}

// There is no more of it. kMore: but there should be.
void HttpConnection::EndReply(ReplyParser::State state) {
  switch (state) {
    case ReplyParser::State::kDone:
      Finish();
      return;
    case ReplyParser::State::kMore:
      Close(reply_begun_              ? TransportError::kCutShort
            : tls_ && tls_->refused() ? TransportError::kTlsClient
                                      : TransportError::kReset);
      return;
    case ReplyParser::State::kMalformed:
      Close(TransportError::kMalformed);
      return;
    case ReplyParser::State::kSpeaksTls:
      Close(TransportError::kSpeaksTls);
      return;
    case ReplyParser::State::kTwoLengths:
      Close(TransportError::kTwoLengths);
      return;
    case ReplyParser::State::kUnknownEncoding:
      Close(TransportError::kUnknownEncoding);
      return;
    case ReplyParser::State::kBrokenEncoding:
      Close(TransportError::kBrokenEncoding);
      return;
    case ReplyParser::State::kTooLarge:
      Close(TransportError::kReplyTooLarge);
      return;
  }
}

// Nothing is expected on an idle connection but its end. (TLS may have news of its own, such as a session
// ticket.)
void HttpConnection::ReadIdle() {
  size_t size = 0;
  if (Read(&size) == Io::kWait) {
    AwaitReadable();
  } else {
    Close(TransportError::kReset);
  }
}

HttpConnection::Io HttpConnection::Read(size_t* size) {
  std::vector<char>& scratch = common_.scratch;
  if (tls_) {
    switch (tls_->Read(scratch.data(), scratch.size(), size)) {
      case TlsSession::Result::kOk:
        return Io::kOk;
      case TlsSession::Result::kEnd:
        return Io::kEnd;
      case TlsSession::Result::kFailed:
        return Io::kFailed;
      default:
        return Io::kWait;
    }
  }
  return tcp::Read(fd_, scratch.data(), scratch.size(), size);
}

HttpConnection::Io HttpConnection::Write(std::string_view bytes, size_t* size) {
  if (tls_) {
    switch (tls_->Write(bytes, size)) {
      case TlsSession::Result::kOk:
        return Io::kOk;
      case TlsSession::Result::kWantRead:  // ReadReply goes on with it
      case TlsSession::Result::kWantWrite:
        return Io::kWait;
      default:
        return Io::kFailed;
    }
  }
  const Io io = tcp::Write(fd_, bytes, size);
  if (io == Io::kOk) written_ += *size;
  return io;
}

uint64_t HttpConnection::GivenToKernel() const { return tls_ ? tls_->written() : written_; }

// Looks at what the peer has acknowledged; says whether it is more of the request than when last looked at.
// Where the kernel does not say what it still holds, what it has taken has to do.
bool HttpConnection::NoteAcknowledged() {
  const uint64_t given = GivenToKernel();
  if (acknowledged_ >= given) return false;
  const uint64_t acknowledged = given - std::min(given, tcp::Unacknowledged(fd_));
  return acknowledged > std::exchange(acknowledged_, std::max(acknowledged_, acknowledged));
}

void HttpConnection::Finish() {
  HttpReply reply;
  reply.status = parser_.status();
  reply.body = parser_.body();
  reply.sent_body = parser_.sent_body();
  const ReplyHead& head = parser_.head();
  reply.request_id = head.request_id;
  reply.error_type = head.error_type;
  reply.location = head.location;
  reply.date_seconds = head.date_seconds;
  reply.has_crc32 = head.has_crc32;
  reply.crc32 = head.crc32;
  reply.open_ended = parser_.open_ended();
  reply.cut_off = cut_off_;
  reply.stalled = stalled_;

  // A server that says how long it waits is believed, with a second for the way.
  Duration idle = common_.options.idle_close;
  if (head.idle_seconds >= 0) {
    idle = std::min<Duration>(idle, std::chrono::seconds(head.idle_seconds - 1));
  }
  const bool quiet = !tls_ || tls_->Quiet();  // else the next exchange would take it for its reply
  if (parser_.keep_alive() && unsent_.empty() && quiet && idle > Duration::zero()) {
    state_ = State::kIdle;
    deadline_ = common_.clock.Now() + idle;
    AwaitReadable();
  } else {
    state_ = State::kClosed;
    CloseDescriptor();
  }
  common_.owner.OnReply(*this, reply);
}

void HttpConnection::CheckDeadline(Instant now) {
  // A slow line is not a dead one: the time for the reply runs from the last bytes that arrived.
  if (state_ == State::kBusy) {
    const Instant latest = now + common_.options.reply_timeout;
    const bool arrived = NoteAcknowledged() && !InOpenEnd();
    deadline_ = arrived ? latest : std::min(deadline_, latest);
    if (reply_begun_) deadline_ = std::min(deadline_, reply_by_);
  }
  if (now < deadline_) return;
  switch (state_) {
    case State::kConnecting:
      NextAddress(true);
      return;
    case State::kTunnelling:
    case State::kHandshaking:
      Close(TransportError::kConnectTimeout);
      return;
    case State::kBusy:
      if (InOpenEnd()) {
        stalled_ = true;
        EndReply(parser_.End());
        return;
      }
      [[fallthrough]];
    case State::kIdle:
      Close(TransportError::kTimeout);
      return;
    default:
      return;
  }
}

std::optional<HttpExchange> HttpConnection::TakeExchange() { return std::exchange(exchange_, std::nullopt); }

void HttpConnection::Close(TransportError error) {
  state_ = State::kClosed;
  CloseDescriptor();
  common_.owner.OnClosed(*this, error);
}

void HttpConnection::CloseDescriptor() {
  tls_.reset();
  watch_.reset();
  if (fd_ >= 0) close(std::exchange(fd_, -1));
}

}  // namespace ddb
