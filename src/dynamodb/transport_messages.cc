#include "dynamodb/transport_messages.h"

#include <fmt/format.h>

namespace ddb {
namespace {

bool IsHttps(const EndpointText& endpoint) { return endpoint.url.starts_with("https:"); }

std::string UnknownHost(const EndpointText& endpoint) {
  if (endpoint.custom) {
    return fmt::format(
        "The host of {} is unknown: it has no address. Correct {}, or the name service of the machine.",
        WhichEndpoint(endpoint), endpoint.named_by);
  }
  return fmt::format(
      "Region {} has no DynamoDB endpoint: the host of {} is unknown. Correct dynamodb_region, or the name "
      "service of the machine.",
      endpoint.region, endpoint.url);
}

// A slip between http and https shows itself in many ways; AWS's own endpoint is never one.
std::string OtherScheme(const EndpointText& endpoint) {
  if (!endpoint.custom) return "";
  return IsHttps(endpoint) ? " If the port does not speak TLS, dynamodb_endpoint has to start with http://."
                           : " If the port speaks TLS, dynamodb_endpoint has to start with https://.";
}

// What fails before the endpoint is reached is the proxy's; "" where it is not, or there is none.
std::string ProxyText(TransportError error, const EndpointText& endpoint) {
  const std::string& proxy = endpoint.proxy;
  if (proxy.empty()) return "";
  switch (error) {
    case TransportError::kResolve:
      return fmt::format(
          "The host of {} is unknown: it has no address. Correct the proxy's URL, or the name service.",
          proxy);
    case TransportError::kRefused:
      return fmt::format(
          "The connection to {} was refused: nothing listens there, or it cannot be reached. Check the "
          "proxy's host "
          "and port, or let the way lead past it (NO_PROXY).",
          proxy);
    case TransportError::kConnectTimeout:
      return fmt::format(
          "No connection was made to {} in time through {}. Check that the proxy answers and reaches the "
          "endpoint.",
          WhichEndpoint(endpoint), proxy);
    case TransportError::kProxyLogin:
    case TransportError::kProxyRefuses:
    case TransportError::kProxyFails:
    case TransportError::kProxyMalformed:
      return fmt::format("{} is not reached through {}: {}. {}", WhichEndpoint(endpoint), proxy,
                         TransportErrorText(error), FaultAdvice(FaultOf(error)));
    default:
      return "";
  }
}

std::string UntrustedText(const EndpointText& endpoint) {
  const std::string broken =
      endpoint.unreadable_trust.empty()
          ? ""
          : fmt::format(" {} is set, but no certificate can be read from what it names.",
                        endpoint.unreadable_trust);
  return fmt::format(
      "TLS: the certificate of {} is not trusted: no certificate authority known to this machine has signed "
      "it. Give the authority's certificate (PEM) as ca_certificate, let the environment variable "
      "SSL_CERT_FILE or "
      "AWS_CA_BUNDLE name a file with it, or add it to the machine's trusted ones.{}",
      WhichEndpoint(endpoint), broken);
}

std::string ClientCertificateText(const EndpointText& endpoint) {
  if (endpoint.client_certificate) {
    return fmt::format(
        "TLS: {} does not accept the certificate that client_certificate gives: it is of an authority that "
        "the "
        "endpoint does not trust, has expired, or is for something else. Give one that the endpoint accepts.",
        WhichEndpoint(endpoint));
  }
  return fmt::format(
      "TLS: {} asks for a client's certificate. Give one that it trusts, with its private key, as "
      "client_certificate (PEM).",
      WhichEndpoint(endpoint));
}

std::string NoReplyText(TransportError error, const EndpointText& endpoint, bool answered) {
  return fmt::format("No reply came from {} ({}). Check the endpoint and the network.{}",
                     WhichEndpoint(endpoint), TransportErrorText(error),
                     answered ? "" : OtherScheme(endpoint));
}

std::string ConnectionText(const FailedOperation& failed, const EndpointText& endpoint) {
  const std::string where = WhichEndpoint(endpoint);
  const TransportError error = failed.verdict.transport;
  switch (error) {
    case TransportError::kResolve:
      return UnknownHost(endpoint);
    case TransportError::kRefused:
      return fmt::format(
          "The connection to {} was refused: nothing listens there, or it cannot be reached. Check host and "
          "port, and that a firewall lets the connection through.",
          where);
    case TransportError::kNoDescriptor:
      return fmt::format(
          "No connection to {} could be opened: there is no file descriptor left. Raise the limit of open "
          "files (ulimit -n), or use fewer workers.",
          where);
    case TransportError::kConnectTimeout:
      return fmt::format(
          "No {} was made to {} in time. Check host and port{}, and that a firewall or proxy lets the "
          "connection through.",
          IsHttps(endpoint) ? "TLS connection" : "connection", where,
          IsHttps(endpoint) && endpoint.custom
              ? " (one that does not speak TLS needs http:// in dynamodb_endpoint)"
              : "");
    case TransportError::kTlsUntrusted:
      return UntrustedText(endpoint);
    case TransportError::kTlsExpired:
      return fmt::format(
          "TLS: the certificate of {} has expired or is not valid yet. Renew it, or correct this machine's "
          "clock.",
          where);
    case TransportError::kTlsWrongName:
      return fmt::format(
          "TLS: the certificate of {} belongs to another host name. Use the name that the certificate is "
          "for.",
          where);
    case TransportError::kTlsTooOld:
      return fmt::format(
          "TLS: {} speaks no version of TLS from 1.2 on. Older ones are not safe, and not used: have it "
          "speak "
          "1.2 or 1.3.",
          where);
    case TransportError::kTlsClient:
      return ClientCertificateText(endpoint);
    case TransportError::kTlsOther:
      return fmt::format(
          "TLS: no secure connection could be made to {}. Does the port speak TLS (else the endpoint starts "
          "with http://), version 1.2 or higher?",
          where);
    case TransportError::kSpeaksTls:
      return fmt::format("The port of {} speaks TLS: the endpoint has to start with https://.", where);
    case TransportError::kTwoLengths:
    case TransportError::kUnknownEncoding:
    case TransportError::kBrokenEncoding:
    case TransportError::kReplyTooLarge:
      return fmt::format("{} answered, but {}. {}", where, FaultText(FaultOf(error)),
                         FaultAdvice(FaultOf(error)));
    case TransportError::kMalformed:
      return fmt::format(
          "{} answered, but not with a reply that is HTTP. Does the port speak TLS (then the endpoint starts "
          "with https://), and is it DynamoDB's?",
          where);
    case TransportError::kNone:
    case TransportError::kProxyLogin:
    case TransportError::kProxyRefuses:
    case TransportError::kProxyFails:
    case TransportError::kProxyMalformed:
    case TransportError::kReset:
    case TransportError::kCutShort:
    case TransportError::kTimeout:
    case TransportError::kCancelled:
      break;
  }
  return NoReplyText(error, endpoint, failed.answered);
}

}  // namespace

std::string WhichEndpoint(const EndpointText& endpoint) {
  return endpoint.custom
             ? fmt::format("{} ({})", endpoint.named_by, endpoint.url)
             : fmt::format("the DynamoDB endpoint of region {} ({})", endpoint.region, endpoint.url);
}

std::string ThroughProxy(const EndpointText& endpoint) {
  return endpoint.proxy.empty() ? "" : fmt::format(" The way leads through {}.", endpoint.proxy);
}

std::string TransportText(const FailedOperation& failed, const EndpointText& endpoint) {
  std::string proxy = ProxyText(failed.verdict.transport, endpoint);
  if (!proxy.empty()) return proxy;
  return ConnectionText(failed, endpoint) + ThroughProxy(endpoint);
}

std::string StrangerText(const FailedOperation& failed, const EndpointText& endpoint) {
  const Verdict& verdict = failed.verdict;
  const std::string through = endpoint.proxy.empty() ? "" : fmt::format(" (through {})", endpoint.proxy);
  const std::string what = fmt::format("{}{} does not answer {} as DynamoDB does: HTTP status {}",
                                       WhichEndpoint(endpoint), through, failed.operation, verdict.status);
  switch (verdict.fault) {
    case ReplyFault::kSpeaksTls:
      return what + ", as the port speaks TLS. The endpoint has to start with https://.";
    case ReplyFault::kRedirect:
      if (verdict.origin.empty())
        return what + ", which points to another address. " + std::string(FaultAdvice(verdict.fault).view());
      return fmt::format("{}, which points to {}. {}", what, verdict.origin, FaultAdvice(verdict.fault));
    case ReplyFault::kProxyLogin:
      return fmt::format("{}: {}. {}", what, FaultText(verdict.fault), FaultAdvice(verdict.fault));
    case ReplyFault::kErrorAsSuccess:
      return fmt::format("{}, with an error in it ({}). {}", what, verdict.reason,
                         FaultAdvice(verdict.fault));
    default:
      break;
  }
  const std::string_view page = verdict.fault == ReplyFault::kHtml      ? " with a web page (HTML)"
                                : verdict.fault == ReplyFault::kNotJson ? " with what is no JSON object"
                                                                        : "";
  std::string_view advice;
  switch (verdict.status) {
    case 401:
    case 403:
      advice = "Something on the way (a proxy, a firewall, a gateway) refuses the request: let it through.";
      break;
    case 404:
    case 405:
      advice =
          "Another server answers there, or the path is wrong: check host, port and path of the endpoint.";
      break;
    case 413:
      advice = "Something on the way takes no requests of this size: raise its limit (DynamoDB's is 16 MB).";
      break;
    case 502:
    case 503:
    case 504:
      advice = "A proxy or load balancer answers that does not reach DynamoDB: check what is behind it.";
      break;
    default:
      advice =
          "Something else answers in DynamoDB's place, such as a proxy or its login page: check the "
          "endpoint, and the way to it.";
  }
  return fmt::format("{}{}. {}", what, page, advice);
}

}  // namespace ddb
