// TlsContext and TlsSession: TLS by OpenSSL, directly on a connection's descriptor. A context belongs to one
// HttpClient (one endpoint), a session to one connection. Loop thread only.
//
// TLS 1.2 at least; the certificate must chain to an authority of Trust and be for the endpoint's
// host or address. There is no switch for less. OpenSSL writes with write(2): the process ignores SIGPIPE
// (main.cc).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "aws/http_client.h"

struct ssl_ctx_st;
struct ssl_session_st;
struct ssl_st;

namespace ddb {

class ClientCertificate;
class Trust;

class TlsContext {
 public:
  // `host`: without brackets for an IPv6 literal. `own`: null where nothing is shown; not kept.
  TlsContext(std::string host, const Trust& trust, const ClientCertificate* own = nullptr);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

 private:
  friend class TlsSession;

  static int KeepSession(ssl_st* ssl, ssl_session_st* session);
  static int NoteThatItAsks(ssl_st* ssl, void*);

  const std::string host_;
  const bool host_is_address_;
  ssl_ctx_st* context_ = nullptr;  // null if OpenSSL could not make one: every handshake fails
  ssl_session_st* session_ =
      nullptr;  // the last one, resumed by new connections: saves their key exchange's price
};

class TlsSession {
 public:
  enum class Result { kOk, kWantRead, kWantWrite, kEnd, kFailed };

  TlsSession(TlsContext& context, int fd);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  Result Handshake();
  TransportError handshake_error() const { return error_; }  // after kFailed
  // After a Read that failed: the server has found fault with the certificate that it asked for. (By TLS 1.3
  // the client is done with the handshake before.)
  bool refused() const { return refused_; }
  // `done` is how much was read or written: of a Write all, at its end, whose progress written() tells. kEnd:
  // the server ended TLS in good order. A Write that answered kWant* must be repeated with the same bytes.
  Result Read(char* data, size_t size, size_t* done);
  Result Write(std::string_view bytes, size_t* done);
  // What was given to the kernel, in bytes as they are on the line.
  uint64_t written() const;
  // Whether nothing of the server's is left unread in here (the descriptor does not tell).
  bool Quiet();

 private:
  friend class TlsContext;

  Result Outcome(int returned);
  bool IsRefusal(unsigned long error) const;

  ssl_st* ssl_ = nullptr;
  bool usable_ = false;  // the handshake is done and nothing failed since
  bool asked_ = false;   // the server asked for a client's certificate
  bool refused_ = false;
  TransportError error_ = TransportError::kTlsOther;
};

}  // namespace ddb
