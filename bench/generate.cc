// bench-generate: messages.h into a file.
//
//   bench-generate --set small|medium|large --records N --out FILE
//                  [--streams K] [--state-every N] [--seed S] [--catalog FILE]
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "messages.h"

namespace {

struct Arguments {
  bench::Messages messages;
  const char* out = nullptr;
  const char* catalog = nullptr;
};

bool Parse(int argc, char** argv, Arguments& arguments) {
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    char* const value = argv[i + 1];
    if (name == "--set") {
      arguments.messages.set = value;
    } else if (name == "--out") {
      arguments.out = value;
    } else if (name == "--catalog") {
      arguments.catalog = value;
    } else if (name == "--records") {
      arguments.messages.records = std::strtoull(value, nullptr, 10);
    } else if (name == "--streams") {
      arguments.messages.streams = std::strtoull(value, nullptr, 10);
    } else if (name == "--state-every") {
      arguments.messages.state_every = std::strtoull(value, nullptr, 10);
    } else if (name == "--seed") {
      arguments.messages.seed = std::strtoull(value, nullptr, 10);
    } else {
      return false;
    }
  }
  const uint64_t streams = arguments.messages.streams;
  return argc % 2 == 1 && bench::KnownSet(arguments.messages.set) && arguments.out != nullptr &&
         streams >= 1 && streams <= 1000;
}

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

File Open(const char* path) {
  File file(std::fopen(path, "wb"), std::fclose);
  if (file == nullptr) {
    std::perror(path);
    std::exit(1);
  }
  return file;
}

void Write(const File& file, std::string_view bytes) {
  if (std::fwrite(bytes.data(), 1, bytes.size(), file.get()) != bytes.size()) {
    std::perror("bench-generate");
    std::exit(1);
  }
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  if (!Parse(argc, argv, arguments)) {
    std::fputs(
        "usage: bench-generate --set small|medium|large --records N --out FILE [--streams K]\n"
        "                      [--state-every N] [--seed S] [--catalog FILE]\n",
        stderr);
    return 2;
  }
  const File out = Open(arguments.out);
  bench::WriteMessages(arguments.messages, [&](std::string_view piece) { Write(out, piece); });
  if (arguments.catalog != nullptr) Write(Open(arguments.catalog), bench::CatalogOf(arguments.messages));
  return 0;
}
