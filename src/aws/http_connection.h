// HttpConnection: one TCP connection to the endpoint, plain or TLS: connect, handshake, then one exchange
// (request and reply) after another. The pool, HttpClient, owns it and gives it exchanges. Loop thread only.
//
// It has no timer: the pool asks it to look at its deadline now and then, and at what the peer has
// acknowledged. It never calls what a request's sender gave, and after telling its owner something it touches
// nothing, so the owner may let go of it then.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aws/http_client.h"
#include "aws/reply_parser.h"
#include "aws/resolver.h"
#include "aws/tcp.h"
#include "aws/tunnel.h"
#include "base/clock.h"
#include "base/event_loop.h"

namespace ddb {

class TlsContext;
class TlsSession;

struct HttpExchange {
  std::string_view bytes;
  size_t max_reply = 0;
  HttpClient::Done done;
};

class HttpConnection {
 public:
  class Owner {
   public:
    // The exchange has its reply; the connection is idle, or closed. It is still holding the exchange.
    virtual void OnReply(HttpConnection& connection, const HttpReply& reply) = 0;
    // Closed without a reply to its exchange, if it has one.
    virtual void OnClosed(HttpConnection& connection, TransportError error) = 0;
    virtual void OnAddress(const Address& address, bool reached) = 0;

   protected:
    ~Owner() = default;
  };

  // What all connections of a pool have in common; outlives them.
  struct Common {
    EventLoop& loop;
    const Clock& clock;
    HttpClient::Options options;  // a reply_timeout that is shortened holds for what is on its way, too
    TlsContext* tls;              // null: plain
    std::string tunnel;           // what a proxy is asked for first; "": nothing
    Owner& owner;
    std::vector<char> scratch;  // what was read last
    bool sent = false;          // something was, over any connection
  };

  explicit HttpConnection(Common& common);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // Connects to the first of the addresses that answers, then sends.
  void Open(std::vector<Address> addresses, HttpExchange exchange);
  void Start(HttpExchange exchange);  // idle only
  void CheckDeadline(Instant now);
  std::optional<HttpExchange> TakeExchange();
  bool idle() const { return state_ == State::kIdle; }

 private:
  enum class State { kNew, kConnecting, kTunnelling, kHandshaking, kIdle, kBusy, kClosed };
  using Io = tcp::Io;

  void ConnectNext();
  bool Connect(const Address& address);
  void OnConnect();
  void NextAddress(bool timed_out);
  void OpenTunnel();
  void Secure();
  void Handshake();
  void Established();
  void Send();
  void AwaitReadable();
  void OnReadable();
  void ReadReply();
  void EndReply(ReplyParser::State state);
  void ReadIdle();
  Io Read(size_t* size);
  Io Write(std::string_view bytes, size_t* size);
  uint64_t GivenToKernel() const;
  bool NoteAcknowledged();
  // Nothing but the end of the connection ends what comes.
  bool InOpenEnd() const { return reply_begun_ && parser_.open_ended(); }
  void NoteReplyBytes();
  void Finish();
  void Close(TransportError error);
  void CloseDescriptor();

  // Set at construction.
  Common& common_;

  // Of the connection.
  State state_ = State::kNew;
  int fd_ = -1;
  std::unique_ptr<EventLoop::Watch> watch_;
  std::unique_ptr<TlsSession> tls_;
  uint64_t written_ = 0;  // to a socket without TLS, in bytes
  Instant deadline_;      // of the state

  // While connecting.
  std::vector<Address> addresses_;
  size_t address_ = 0;
  Instant connect_by_;
  bool connect_timed_out_ = false;
  std::optional<Tunnel> tunnel_;

  // Of the exchange.
  std::optional<HttpExchange> exchange_;
  std::string_view unsent_;
  uint64_t acknowledged_ = 0;  // when last looked at, since the connection began
  bool send_failed_ = false;
  bool reply_begun_ = false;  // bytes of it are there
  Instant reply_by_;          // once it has begun, and is not whole
  bool cut_off_ = false;
  bool stalled_ = false;
  ReplyParser parser_;
};

}  // namespace ddb
