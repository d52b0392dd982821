#include "aws/tls.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <utility>

#include "aws/client_certificate.h"
#include "aws/trust.h"

namespace ddb {

namespace {

bool IsAddress(const std::string& host) {
  in6_addr any;
  return inet_pton(AF_INET, host.c_str(), &any) == 1 || inet_pton(AF_INET6, host.c_str(), &any) == 1;
}

TransportError ErrorOfVerification(long result) {
  switch (result) {
    case X509_V_ERR_CERT_NOT_YET_VALID:
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return TransportError::kTlsExpired;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return TransportError::kTlsWrongName;
    default:
      return TransportError::kTlsUntrusted;
  }
}

// What we offer begins with 1.2: the server chose less, or said that it has nothing of it.
bool IsTooOld(unsigned long error) {
  if (ERR_GET_LIB(error) != ERR_LIB_SSL) return false;
  return ERR_GET_REASON(error) == SSL_R_UNSUPPORTED_PROTOCOL ||
         ERR_GET_REASON(error) == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION;
}

}  // namespace

TlsContext::TlsContext(std::string host, const Trust& trust, const ClientCertificate* own)
    : host_(std::move(host)), host_is_address_(IsAddress(host_)), context_(SSL_CTX_new(TLS_client_method())) {
  if (!context_) return;
  SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION);
  SSL_CTX_set_options(context_, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_read_ahead(context_, 1);  // a reply's record header and data in one read
  trust.GiveTo(context_);
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_set_app_data(context_, this);
  SSL_CTX_sess_set_new_cb(context_, &TlsContext::KeepSession);
  SSL_CTX_set_cert_cb(context_, &TlsContext::NoteThatItAsks, nullptr);
  if (own != nullptr) own->GiveTo(context_);
}

TlsContext::~TlsContext() {
  SSL_SESSION_free(session_);
  SSL_CTX_free(context_);
}

int TlsContext::KeepSession(SSL* ssl, SSL_SESSION* session) {
  auto* self = static_cast<TlsContext*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
  SSL_SESSION_free(std::exchange(self->session_, session));
  return 1;  // the session is ours now
}

// OpenSSL calls it when the server asks for a client's certificate.
int TlsContext::NoteThatItAsks(SSL* ssl, void*) {
  static_cast<TlsSession*>(SSL_get_app_data(ssl))->asked_ = true;
  return 1;
}

TlsSession::TlsSession(TlsContext& context, int fd) {
  ERR_clear_error();
  ssl_ = context.context_ ? SSL_new(context.context_) : nullptr;
  if (!ssl_) return;
  SSL_set_app_data(ssl_, this);
  X509_VERIFY_PARAM* verify = SSL_get0_param(ssl_);
  bool ready = SSL_set_fd(ssl_, fd) == 1;
  if (context.host_is_address_) {
    ready = ready && X509_VERIFY_PARAM_set1_ip_asc(verify, context.host_.c_str()) == 1;
  } else {
    // A trailing dot makes the name absolute for DNS; certificates and SNI are without.
    const std::string name = context.host_.substr(0, context.host_.find_last_not_of('.') + 1);
    X509_VERIFY_PARAM_set_hostflags(verify, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    ready = ready && !name.empty() && SSL_set_tlsext_host_name(ssl_, name.c_str()) == 1 &&
            X509_VERIFY_PARAM_set1_host(verify, name.data(), name.size()) == 1;
  }
  if (!ready) {
    SSL_free(std::exchange(ssl_, nullptr));
    return;
  }
  if (context.session_) SSL_set_session(ssl_, context.session_);
  SSL_set_connect_state(ssl_);
}

// Says goodbye, without which OpenSSL would not let the session be resumed.
TlsSession::~TlsSession() {
  if (usable_) SSL_shutdown(ssl_);
  SSL_free(ssl_);
}

TlsSession::Result TlsSession::Handshake() {
  if (!ssl_) return Result::kFailed;
  ERR_clear_error();
  const int returned = SSL_do_handshake(ssl_);
  if (returned == 1) {
    usable_ = true;
    return Result::kOk;
  }
  const int error = SSL_get_error(ssl_, returned);
  if (error == SSL_ERROR_WANT_READ) return Result::kWantRead;
  if (error == SSL_ERROR_WANT_WRITE) return Result::kWantWrite;
  const unsigned long reason = ERR_peek_error();
  const long verified = SSL_get_verify_result(ssl_);
  if (verified != X509_V_OK) {
    error_ = ErrorOfVerification(verified);
  } else if (error != SSL_ERROR_SSL || ERR_GET_REASON(reason) == SSL_R_UNEXPECTED_EOF_WHILE_READING) {
    error_ = TransportError::kReset;
  } else if (IsRefusal(reason)) {
    error_ = TransportError::kTlsClient;
  } else if (IsTooOld(reason)) {
    error_ = TransportError::kTlsTooOld;
  }
  return Result::kFailed;
}

// An alert about certificates is about ours; by TLS 1.2 one that is missing is a failed handshake.
// https://www.rfc-editor.org/rfc/rfc8446#section-6.2
bool TlsSession::IsRefusal(unsigned long error) const {
  if (!asked_ || ERR_GET_LIB(error) != ERR_LIB_SSL) return false;
  switch (ERR_GET_REASON(error) - SSL_AD_REASON_OFFSET) {
    case SSL_AD_HANDSHAKE_FAILURE:
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_CERTIFICATE_REQUIRED:
      return true;
    default:
      return false;
  }
}

TlsSession::Result TlsSession::Read(char* data, size_t size, size_t* done) {
  ERR_clear_error();
  return Outcome(SSL_read_ex(ssl_, data, size, done));
}

TlsSession::Result TlsSession::Write(std::string_view bytes, size_t* done) {
  ERR_clear_error();
  return Outcome(SSL_write_ex(ssl_, bytes.data(), bytes.size(), done));
}

uint64_t TlsSession::written() const { return BIO_number_written(SSL_get_wbio(ssl_)); }

TlsSession::Result TlsSession::Outcome(int returned) {
  if (returned == 1) return Result::kOk;
  switch (SSL_get_error(ssl_, returned)) {
    case SSL_ERROR_WANT_READ:
      return Result::kWantRead;
    case SSL_ERROR_WANT_WRITE:
      return Result::kWantWrite;
    case SSL_ERROR_ZERO_RETURN:
      return Result::kEnd;
    default:
      usable_ = false;
      refused_ = refused_ || IsRefusal(ERR_peek_error());
      return Result::kFailed;
  }
}

bool TlsSession::Quiet() {
  if (SSL_has_pending(ssl_) == 0) return true;
  char byte = 0;
  size_t size = 0;
  return Read(&byte, 1, &size) == Result::kWantRead;
}

}  // namespace ddb
