// TransportError: what went wrong below HTTP, or in its framing. Values; any thread.
#pragma once

#include "base/literal.h"

namespace ddb {

// Every one but the kTls* names leaves the outcome of the request unknown or undone: retryable.
enum class TransportError {
  kNone,
  kResolve,          // the name has no address
  kRefused,          // no address accepted a connection (refused, unreachable)
  kNoDescriptor,     // this process, or the system, has no file descriptor left
  kConnectTimeout,   // connect or TLS handshake took too long
  kTlsUntrusted,     // the certificate's chain does not end in a trusted root
  kTlsExpired,       // the certificate is expired or not yet valid
  kTlsWrongName,     // the certificate is for another host
  kTlsTooOld,        // the server speaks no version of TLS that is safe
  kTlsClient,        // the server wants a client's certificate, or takes not the one that it was shown
  kTlsOther,         // no common cipher, not TLS at all, ...
  kSpeaksTls,        // a TLS alert came back for plain HTTP
  kReset,            // closed or reset before a reply
  kCutShort,         // closed or reset in the middle of one
  kTimeout,          // no whole reply before the deadline
  kTwoLengths,       // more than one Content-Length, and they contradict each other
  kUnknownEncoding,  // a Content-Encoding that was not asked for and is not known
  kBrokenEncoding,   // one that is known, of a body that it does not fit
  kMalformed,        // not HTTP
  kReplyTooLarge,    // over the caller's limit
  kProxyLogin,       // the proxy asks who we are, or does not know us (407)
  kProxyRefuses,     // the proxy may not, or will not, connect to the endpoint (4xx)
  kProxyFails,       // the proxy does not reach the endpoint (5xx), or ends the connection
  kProxyMalformed,   // what should be a proxy does not speak HTTP
  kCancelled,        // the client was closed
};
Text TransportErrorText(TransportError error);  // "connection refused", for messages
// No later attempt fares better: a certificate that does not verify will not verify then either, nor will a
// proxy know a user better or a server be taught a newer TLS. A handshake that fails otherwise may be a peer
// that is just starting or being replaced.
bool IsFinal(TransportError error);

}  // namespace ddb
