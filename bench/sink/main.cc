// bench-sink: a DynamoDB that stores nothing and answers at once, to measure what writes into it. It shares
// no code with the connector. Checks no signature.
//
//   bench-sink [--latency-ms N] [--cert FILE --key FILE]
//
// Listens on free ports of 127.0.0.1 and prints them as {"plain":PORT,"tls":PORT} (tls 0 without a
// certificate). GET /counters tells what came; so does the last line on SIGTERM.
#include <openssl/ssl.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>

#include "sink/server.h"

namespace {

volatile std::sig_atomic_t stop = 0;

}  // namespace

int main(int argc, char** argv) {
  double latency_ms = 0;
  const char* cert = nullptr;
  const char* key = nullptr;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    if (name == "--latency-ms") latency_ms = std::atof(argv[i + 1]);
    if (name == "--cert") cert = argv[i + 1];
    if (name == "--key") key = argv[i + 1];
  }
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> tls(
      cert != nullptr ? SSL_CTX_new(TLS_server_method()) : nullptr, SSL_CTX_free);
  if (tls != nullptr && (key == nullptr || SSL_CTX_use_certificate_chain_file(tls.get(), cert) != 1 ||
                         SSL_CTX_use_PrivateKey_file(tls.get(), key, SSL_FILETYPE_PEM) != 1)) {
    std::fputs("bench-sink: cannot use the certificate and key\n", stderr);
    return 1;
  }
  if (tls != nullptr) {
    // Few and large reads: the sink must not be what is measured.
    SSL_CTX_set_read_ahead(tls.get(), 1);
    SSL_CTX_set_default_read_buffer_len(tls.get(), 128 * 1024);
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  struct sigaction action{};
  action.sa_handler = [](int) { stop = 1; };
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);

  bench::Server server(std::chrono::nanoseconds(static_cast<int64_t>(latency_ms * 1e6)), tls.get());
  std::printf("{\"plain\":%d,\"tls\":%d}\n", server.plain_port(), server.tls_port());
  std::fflush(stdout);
  server.Run(stop);
  std::printf("%s\n", server.CountersJson().c_str());
  return 0;
}
