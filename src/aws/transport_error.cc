#include "aws/transport_error.h"

namespace ddb {

Text TransportErrorText(TransportError error) {
  switch (error) {
    case TransportError::kNone:
      return "no error";
    case TransportError::kResolve:
      return "the host name has no address";
    case TransportError::kRefused:
      return "connection refused";
    case TransportError::kNoDescriptor:
      return "no file descriptor left for a connection";
    case TransportError::kConnectTimeout:
      return "no connection in time";
    case TransportError::kTlsUntrusted:
      return "the TLS certificate is not signed by a trusted authority";
    case TransportError::kTlsExpired:
      return "the TLS certificate is expired or not yet valid";
    case TransportError::kTlsWrongName:
      return "the TLS certificate is for another host";
    case TransportError::kTlsTooOld:
      return "the server speaks no TLS from version 1.2 on";
    case TransportError::kTlsClient:
      return "the server does not accept the client's certificate, or that there is none";
    case TransportError::kTlsOther:
      return "the TLS handshake failed";
    case TransportError::kSpeaksTls:
      return "the port speaks TLS";
    case TransportError::kReset:
      return "connection closed before a reply";
    case TransportError::kCutShort:
      return "connection closed in the middle of the reply";
    case TransportError::kTimeout:
      return "no whole reply in time";
    case TransportError::kTwoLengths:
      return "the reply has two lengths that contradict each other";
    case TransportError::kUnknownEncoding:
      return "the reply is compressed in a way that is not known";
    case TransportError::kBrokenEncoding:
      return "the reply is compressed and cannot be unpacked";
    case TransportError::kMalformed:
      return "the reply is not valid HTTP";
    case TransportError::kReplyTooLarge:
      return "the reply is too large";
    case TransportError::kProxyLogin:
      return "the proxy asks for a login";
    case TransportError::kProxyRefuses:
      return "the proxy refuses to connect to the endpoint";
    case TransportError::kProxyFails:
      return "the proxy does not reach the endpoint";
    case TransportError::kProxyMalformed:
      return "the proxy does not answer as one";
    case TransportError::kCancelled:
      return "cancelled";
  }
  return "unknown";
}

bool IsFinal(TransportError error) {
  return error == TransportError::kTlsUntrusted || error == TransportError::kTlsExpired ||
         error == TransportError::kTlsWrongName || error == TransportError::kTlsTooOld ||
         error == TransportError::kTlsClient || error == TransportError::kProxyLogin;
}

}  // namespace ddb
