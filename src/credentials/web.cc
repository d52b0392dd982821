#include "credentials/web.h"

#include "aws/percent_encoding.h"

namespace ddb {
namespace {

// A reply with a token of 16 KiB, and some more.
constexpr size_t kMaxReply = size_t{256} * 1024;

std::string RequestText(const Endpoint& endpoint, const WebRequest& request, const RequestForm& form) {
  if (request.signed_head) return request.signed_head(form) + request.body;
  std::string text(request.method);
  text += " " + form.before_path + request.path + " HTTP/1.1\r\nHost: " + endpoint.host_header + "\r\n";
  text += form.lines + "User-Agent: destination-dynamodb\r\nAccept-Encoding: identity\r\n";
  for (const auto& [name, value] : request.headers) text += name + ": " + value + "\r\n";
  if (!request.body.empty() || std::string_view(request.method) != "GET") {
    text += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  return text + "\r\n" + request.body;
}

}  // namespace

WebReply HttpWeb::Send(const Endpoint& endpoint, const WebRequest& request) {
  WebReply reply;
  reply.transport = TransportError::kCancelled;
  if (cancelled_) return reply;
  HttpClient::Options options;
  options.max_connections = 1;
  options.connect_timeout = options.reply_timeout = request.patience;
  if (endpoint.tls) {
    if (!trust_) trust_ = Trust::FromEnvironment();
    options.trust = trust_;
  }
  if (!request.direct) {
    Result<std::shared_ptr<const Proxy>> choice = proxies_(endpoint);
    if (!choice.ok()) {
      reply.unsent = std::move(choice).error();
      return reply;
    }
    options.proxy = *std::move(choice);
  }
  const std::string way = options.proxy ? ", through " + options.proxy->Name() : "";
  const std::string text = RequestText(endpoint, request, FormFor(endpoint, options.proxy.get()));
  bool done = false;
  HttpClient client(loop_, clock_, endpoint, options);  // tells of a request that is cancelled when it goes
  client.Send(text, kMaxReply, [&](const HttpReply& http) {
    reply = {http.transport, http.status, std::string(http.body), way};
    done = true;
    loop_.Stop();
  });
  while (!done && !cancelled_) loop_.Run();
  return reply;
}

void HttpWeb::Cancel() {
  cancelled_ = true;
  loop_.Stop();
}

std::string UrlEncoded(std::string_view text) {
  std::string out;
  AppendPercentEncoded(text, out);
  return out;
}

}  // namespace ddb
