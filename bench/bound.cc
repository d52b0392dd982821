// bench-bound: the physical bound of the work, in CPU seconds on this machine, now: nobody can write these
// records into DynamoDB without finding the structure of the JSON that comes in and without the SHA-256 of
// what goes out.
//
//   bench-bound INPUT BODY_BYTES REQUESTS
//
// Stage 1 of simdjson (on-demand iterate()) over each line of INPUT, then OpenSSL's EVP SHA-256, one stream,
// over REQUESTS bodies of BODY_BYTES in all. One thread. Prints one JSON line:
// {"lines":..,"stage1_cpu_s":..,"sha256_cpu_s":..,"kernel":"simdjson's"}
#include <fcntl.h>
#include <openssl/evp.h>
#include <simdjson.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

namespace {

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// Reads the file in blocks of 1 MiB, whole lines at a time. The number of lines, or 0 on an error.
size_t Stage1(const char* path) {
  constexpr size_t kBlock = 1 << 20;
  const int fd = open(path, O_RDONLY);
  if (fd < 0) return 0;
  std::vector<char> bytes(2 * kBlock + simdjson::SIMDJSON_PADDING);
  simdjson::ondemand::parser parser;
  size_t lines = 0, kept = 0;
  for (;;) {
    const ssize_t n = read(fd, bytes.data() + kept, kBlock);
    if (n <= 0) break;
    const char* p = bytes.data();
    const char* const end = bytes.data() + kept + n;
    while (const void* newline = std::memchr(p, '\n', static_cast<size_t>(end - p))) {
      const size_t length = static_cast<size_t>(static_cast<const char*>(newline) - p);
      const simdjson::padded_string_view line(p, length, length + simdjson::SIMDJSON_PADDING);
      simdjson::ondemand::document document;
      if (parser.iterate(line).get(document) != simdjson::SUCCESS) return 0;
      ++lines;
      p += length + 1;
    }
    kept = static_cast<size_t>(end - p);
    if (kept > kBlock) return 0;
    std::memmove(bytes.data(), p, kept);
  }
  close(fd);
  return lines;
}

bool Sha256(size_t body_bytes, size_t requests) {
  const size_t body = body_bytes / requests;
  std::vector<char> bytes(body, 'x');
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  const EVP_MD* const sha256 = EVP_sha256();
  unsigned char digest[EVP_MAX_MD_SIZE];
  for (size_t i = 0; i < requests; ++i) {
    bytes[0] = static_cast<char>(i);
    if (EVP_DigestInit_ex(context.get(), sha256, nullptr) != 1 ||
        EVP_DigestUpdate(context.get(), bytes.data(), body) != 1 ||
        EVP_DigestFinal_ex(context.get(), digest, nullptr) != 1) {
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  const size_t body_bytes = argc == 4 ? std::strtoull(argv[2], nullptr, 10) : 0;
  const size_t requests = argc == 4 ? std::strtoull(argv[3], nullptr, 10) : 0;
  if (requests == 0 || body_bytes < requests) {
    std::fputs("usage: bench-bound INPUT BODY_BYTES REQUESTS\n", stderr);
    return 2;
  }
  const double start = CpuSeconds();
  const size_t lines = Stage1(argv[1]);
  const double between = CpuSeconds();
  if (lines == 0 || !Sha256(body_bytes, requests)) {
    std::fputs("bench-bound: input that cannot be read, or no SHA-256\n", stderr);
    return 1;
  }
  std::printf("{\"lines\":%zu,\"stage1_cpu_s\":%.6f,\"sha256_cpu_s\":%.6f,\"kernel\":\"%s\"}\n", lines,
              between - start, CpuSeconds() - between, simdjson::get_active_implementation()->name().c_str());
  return 0;
}
