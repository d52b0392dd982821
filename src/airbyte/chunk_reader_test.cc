#include "airbyte/chunk_reader.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

namespace ddb {
namespace {

using Outcome = ChunkReader::Outcome;

class Pipe {
 public:
  Pipe() {
    if (pipe(fds_) != 0) std::abort();
  }
  ~Pipe() {
    CloseWriter();
    close(fds_[0]);
  }
  int reader() const { return fds_[0]; }
  void Write(std::string_view text) const {
    while (!text.empty()) {
      const ssize_t written = write(fds_[1], text.data(), text.size());
      ASSERT_GT(written, 0);
      text.remove_prefix(static_cast<size_t>(written));
    }
  }
  void CloseWriter() {
    if (fds_[1] >= 0) close(fds_[1]);
    fds_[1] = -1;
  }

 private:
  int fds_[2];
};

struct Taken {
  Outcome outcome;
  Chunk chunk;
  Error error;
  std::string text() const { return std::string(chunk.view()); }
};

Taken Take(ChunkReader& reader) {
  Taken taken{};
  taken.outcome = reader.Take(taken.chunk, taken.error);
  if (taken.outcome == Outcome::kChunk) {
    unsigned sum = 0;  // the padding can be read, and is none but what was carried on from there
    for (size_t i = 0; i < 64; ++i)
      sum += static_cast<unsigned char>(taken.chunk.bytes[taken.chunk.size + i]);
    if (reader.carried() == 0) {
      EXPECT_EQ(sum, 0U);
    }
    if (taken.chunk.size > 0) {
      EXPECT_EQ(taken.chunk.view().back(), '\n');
    }
    EXPECT_GE(taken.chunk.capacity, taken.chunk.size);
  }
  return taken;
}

constexpr size_t kMaxLine = 1 << 24;

TEST(ChunkReader, GivesWholeLinesAndCarriesTheRest) {
  Pipe pipe;
  ChunkReader reader(pipe.reader(), ChunkReader::kChunkBytes, kMaxLine, false);
  EXPECT_EQ(Take(reader).outcome, Outcome::kNeedMore);  // nothing there: it does not wait
  pipe.Write("one\ntwo\nthr");
  const Taken first = Take(reader);
  ASSERT_EQ(first.outcome, Outcome::kChunk);
  EXPECT_EQ(first.text(), "one\ntwo\n");
  EXPECT_EQ(first.chunk.sequence, 0U);
  EXPECT_EQ(first.chunk.first_line, 1U);
  EXPECT_EQ(reader.carried(), 3U);
  pipe.Write("ee");
  EXPECT_EQ(Take(reader).outcome, Outcome::kNeedMore);
  EXPECT_EQ(reader.carried(), 5U);
  pipe.Write("\n\r\n\n4");
  const Taken second = Take(reader);
  ASSERT_EQ(second.outcome, Outcome::kChunk);
  EXPECT_EQ(second.text(), "three\n\r\n\n");
  EXPECT_EQ(second.chunk.sequence, 1U);
  EXPECT_EQ(second.chunk.first_line, 3U);
  pipe.CloseWriter();
  const Taken last = Take(reader);
  ASSERT_EQ(last.outcome, Outcome::kChunk);
  EXPECT_EQ(last.text(), "4\n");
  EXPECT_EQ(last.chunk.first_line, 6U);
  EXPECT_EQ(Take(reader).outcome, Outcome::kEnd);
  EXPECT_EQ(Take(reader).outcome, Outcome::kEnd);
  EXPECT_EQ(reader.carried(), 0U);
}

TEST(ChunkReader, EmptyLinesAreCounted) {
  for (const size_t count : {63, 64, 4'095, 4'096, 4'097, 16'384, 60'000}) {
    Pipe pipe;
    ChunkReader reader(pipe.reader(), ChunkReader::kChunkBytes, kMaxLine, false);
    pipe.Write(std::string(count, '\n'));
    EXPECT_EQ(Take(reader).chunk.size, count);
    pipe.Write("x\n");
    EXPECT_EQ(Take(reader).chunk.first_line, count + 1);
  }
}

TEST(ChunkReader, EmptyInput) {
  Pipe pipe;
  pipe.CloseWriter();
  ChunkReader reader(pipe.reader(), ChunkReader::kChunkBytes, kMaxLine, false);
  EXPECT_EQ(Take(reader).outcome, Outcome::kEnd);
}

TEST(ChunkReader, ADescriptorThatOthersMadeNonBlocking) {
  Pipe pipe;
  ASSERT_EQ(fcntl(pipe.reader(), F_SETFL, O_NONBLOCK), 0);
  ChunkReader reader(pipe.reader(), ChunkReader::kChunkBytes, kMaxLine, false);
  EXPECT_EQ(Take(reader).outcome, Outcome::kNeedMore);
  pipe.Write("a\n");
  EXPECT_EQ(Take(reader).outcome, Outcome::kChunk);
}

TEST(ChunkReader, MakesAPipeLargeAndLeavesItsFlags) {
  Pipe pipe;
  const int flags = fcntl(pipe.reader(), F_GETFL);
  const int before = fcntl(pipe.reader(), F_GETPIPE_SZ);
  ChunkReader reader(pipe.reader(), ChunkReader::kChunkBytes, kMaxLine, false);
  EXPECT_GE(fcntl(pipe.reader(), F_GETPIPE_SZ), before);
  EXPECT_EQ(fcntl(pipe.reader(), F_GETFL), flags);
}

TEST(ChunkReader, ALineLongerThanAChunk) {
  Pipe pipe;
  ChunkReader reader(pipe.reader(), 16, 1000, false);
  const std::string line(100, 'x');
  pipe.Write("a\n" + line + "\nb\n" + line);
  std::string all;
  std::vector<uint64_t> first_lines;
  pipe.CloseWriter();
  for (;;) {
    Taken taken = Take(reader);
    if (taken.outcome == Outcome::kEnd) break;
    ASSERT_NE(taken.outcome, Outcome::kFailed);
    if (taken.outcome != Outcome::kChunk) continue;
    EXPECT_EQ(taken.chunk.first_line, 1U + static_cast<uint64_t>(std::count(all.begin(), all.end(), '\n')));
    all += taken.text();
    reader.Recycle(std::move(taken.chunk));
  }
  EXPECT_EQ(all, "a\n" + line + "\nb\n" + line + "\n");
}

std::string RecordOf(size_t bytes) {
  const std::string head = R"({"type":"RECORD","record":{"data":{"x":")";
  const std::string tail = R"("},"stream":"users"}})";
  return head + std::string(bytes - head.size() - tail.size(), 'S') + tail;
}

// The line of so many bytes, with its newline, is the third.
std::vector<Taken> TakeAllWith(size_t length, bool past_long_lines, std::string_view after = "\nafter\nit") {
  Pipe pipe;
  ChunkReader reader(pipe.reader(), 64, 200, past_long_lines);
  pipe.Write("a\nb\n" + RecordOf(length - 1) + std::string(after));
  pipe.CloseWriter();
  std::vector<Taken> all;
  for (;;) {
    Taken taken = Take(reader);
    if (taken.outcome == Outcome::kEnd) return all;
    EXPECT_NE(taken.outcome, Outcome::kFailed);
    if (taken.outcome == Outcome::kChunk) all.push_back(std::move(taken));
  }
}

TEST(ChunkReader, ALineOverTheLimitIsSkimmedAndPassed) {
  for (const size_t length : {199U, 200U, 201U, 263U, 264U, 265U, 1000U, 5000U}) {
    std::string all;
    uint64_t lines = 1;
    int too_long = 0;
    for (const Taken& taken : TakeAllWith(length, true)) {
      EXPECT_EQ(taken.chunk.first_line, lines) << length;
      EXPECT_LE(taken.chunk.capacity, 200U);
      if (taken.chunk.too_long) {
        ++too_long;
        ++lines;
        EXPECT_EQ(taken.chunk.first_line, 3U);
        EXPECT_EQ(taken.chunk.too_long->kind, LineKind::kRecord);
        EXPECT_EQ(taken.chunk.too_long->stream->name, "users");
        EXPECT_EQ(taken.chunk.too_long->bytes, length - 1);
        EXPECT_TRUE(taken.chunk.too_long->is_whole);
      }
      all += taken.text();
      lines += static_cast<uint64_t>(std::ranges::count(taken.chunk.view(), '\n'));
    }
    EXPECT_EQ(too_long, length > 200 ? 1 : 0) << length;
    EXPECT_EQ(all, length > 200 ? "a\nb\nafter\nit\n" : "a\nb\n" + RecordOf(length - 1) + "\nafter\nit\n");
  }
}

TEST(ChunkReader, ALineOverTheLimitIsTheLastWhereTheRunEndsWithIt) {
  const std::vector<Taken> all = TakeAllWith(5000, false);
  ASSERT_FALSE(all.empty());
  const Chunk& last = all.back().chunk;
  ASSERT_TRUE(last.too_long);
  EXPECT_FALSE(last.too_long->is_whole);
  EXPECT_EQ(last.first_line, 3U);
  EXPECT_EQ(last.size, 0U);
  EXPECT_GE(last.too_long->bytes, 200U);
}

TEST(ChunkReader, ALineOverTheLimitMayEndWithTheInput) {
  const std::vector<Taken> all = TakeAllWith(5000, true, "");
  EXPECT_EQ(all.back().chunk.too_long->kind, LineKind::kRecord);
  EXPECT_EQ(all.back().chunk.too_long->bytes, 4999U);
  const std::vector<Taken> cut = TakeAllWith(5000, true, "{");
  EXPECT_EQ(cut.back().chunk.too_long->kind, LineKind::kMalformed);
}

// Whatever it is: a LOG, text, a line of a logger; also where every other long line ends the run.
TEST(ChunkReader, WhatIsPassedOverIsSoAtAnyLength) {
  const std::string pad(1000, 'S');
  for (const auto& [head, tail, kind] :
       {std::tuple(R"({"type":"LOG","log":{"message":")", "\"}}", LineKind::kIgnored),
        {R"({"log":{"message":")", R"("},"type":"LOG"})", LineKind::kIgnored},
        {"text {", "}", LineKind::kPlain},
        {R"({"level":"info","msg":")", "\"}", LineKind::kLogLine}}) {
    for (const bool past_long_lines : {false, true}) {
      Pipe pipe;
      ChunkReader reader(pipe.reader(), 64, 200, past_long_lines);
      pipe.Write(head + pad + tail + "\nafter\n");
      pipe.CloseWriter();
      Taken taken = Take(reader);
      while (taken.outcome == Outcome::kNeedMore) taken = Take(reader);
      ASSERT_TRUE(taken.chunk.too_long);
      EXPECT_EQ(taken.chunk.too_long->kind, kind) << head;
      EXPECT_TRUE(taken.chunk.too_long->is_whole);
      EXPECT_TRUE(taken.chunk.too_long->reason.empty());
      std::string rest = taken.text();
      while ((taken = Take(reader)).outcome != Outcome::kEnd) rest += taken.text();
      EXPECT_EQ(rest, "after\n");
    }
  }
}

// What it is that ends the run is known before the line ends.
TEST(ChunkReader, TextThatIsNoneIsNotReadToItsEnd) {
  for (const std::string& text :
       {"\x1F\x8B" + std::string(1000, 'S'), std::string(1000, 'S') + std::string(100, '\0'),
        std::string(1000, 'S') + R"({"type":"RECORD","record":{"stream":"a"}}          )"}) {
    Pipe pipe;
    ChunkReader reader(pipe.reader(), 64, 200, true);
    pipe.Write(text);
    Taken taken = Take(reader);
    while (taken.outcome == Outcome::kNeedMore) taken = Take(reader);
    ASSERT_TRUE(taken.chunk.too_long);
    EXPECT_EQ(taken.chunk.too_long->kind, LineKind::kPlain);
    EXPECT_FALSE(taken.chunk.too_long->is_whole);
    EXPECT_FALSE(taken.chunk.too_long->reason.empty());
    EXPECT_EQ(Take(reader).outcome, Outcome::kEnd);
  }
}

TEST(ChunkReader, ALineThatIsHeldCanBeDroppedAfterAll) {
  std::vector<Taken> all = TakeAllWith(150, true, "\nafter\n");
  for (Taken& taken : all) {
    if (taken.chunk.size < 100) continue;
    taken.chunk.DropFirstLine(Skim(RecordOf(149)));
    EXPECT_EQ(taken.text(), taken.chunk.size == 0 ? "" : "after\n");
    EXPECT_EQ(taken.chunk.too_long->kind, LineKind::kRecord);
    EXPECT_GE(taken.chunk.capacity, taken.chunk.size);
  }
}

TEST(ChunkReader, AReadErrorIsAFailure) {
  const int directory = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_GE(directory, 0);
  ChunkReader reader(directory, ChunkReader::kChunkBytes, kMaxLine, false);
  Taken taken = Take(reader);
  EXPECT_EQ(taken.outcome, Outcome::kFailed);
  EXPECT_EQ(taken.error.type, FailureType::kSystem);
  EXPECT_NE(taken.error.internal.find("line 1"), std::string::npos);
  close(directory);
}

TEST(ChunkReader, ARegularFileInChunks) {
  std::string content;
  std::mt19937 random(1);
  while (content.size() < 5'000'000) content += std::string(random() % 500, 'a' + random() % 26) + '\n';
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  ASSERT_EQ(std::fwrite(content.data(), 1, content.size(), file), content.size());
  std::rewind(file);
  ChunkReader reader(fileno(file), ChunkReader::kChunkBytes, kMaxLine, false);
  std::string all;
  uint64_t lines = 1;
  uint64_t chunks = 0;
  for (;;) {
    Taken taken = Take(reader);
    if (taken.outcome == Outcome::kEnd) break;
    ASSERT_EQ(taken.outcome, Outcome::kChunk);
    EXPECT_LE(taken.chunk.size, ChunkReader::kChunkBytes);
    EXPECT_EQ(taken.chunk.sequence, chunks++);
    EXPECT_EQ(taken.chunk.first_line, lines);
    const std::string_view view = taken.chunk.view();
    lines += static_cast<uint64_t>(std::count(view.begin(), view.end(), '\n'));
    all += view;
    if (chunks % 2 == 0) reader.Recycle(std::move(taken.chunk));
  }
  EXPECT_TRUE(all == content);
  EXPECT_LE(chunks,
            content.size() / (ChunkReader::kChunkBytes - 1000) + 1);  // hardly less than a whole one each
  std::fclose(file);
}

TEST(ChunkReader, RecycledMemoryIsUsedAgain) {
  Pipe pipe;
  ChunkReader reader(pipe.reader(), ChunkReader::kChunkBytes, kMaxLine, false);
  pipe.Write("a\n");
  Taken first = Take(reader);
  const char* const memory = first.chunk.bytes.get();
  reader.Recycle(std::move(first.chunk));
  pipe.Write("b\n");
  const Taken second = Take(reader);
  EXPECT_EQ(second.chunk.bytes.get(), memory);
  EXPECT_EQ(second.text(), "b\n");
}

// Random pieces through a pipe, recycled by another thread: what goes in comes out.
TEST(ChunkReader, AnyCuttingGivesTheSameLines) {
  std::mt19937 random(5);
  std::string content;
  for (int i = 0; i < 3000; ++i)
    content += std::string(random() % 3 == 0 ? random() % 400 : random() % 9, 'x') + '\n';
  content += "no newline at the end";
  Pipe pipe;
  std::thread writer([&] {
    std::mt19937 pieces(6);
    for (size_t at = 0; at < content.size();) {
      const size_t size = std::min<size_t>(content.size() - at, 1 + pieces() % 700);
      pipe.Write(std::string_view(content).substr(at, size));
      at += size;
    }
    pipe.CloseWriter();
  });
  ChunkReader reader(pipe.reader(), 128, 1000, true);
  std::string all;
  std::vector<std::thread> recyclers;
  for (bool end = false; !end;) {
    pollfd readable{pipe.reader(), POLLIN, 0};
    ASSERT_GE(poll(&readable, 1, 60'000), 0);
    Taken taken = Take(reader);
    ASSERT_NE(taken.outcome, Outcome::kFailed) << taken.error.message;
    end = taken.outcome == Outcome::kEnd;
    if (taken.outcome != Outcome::kChunk) continue;
    all += taken.chunk.view();
    if (recyclers.size() < 20) {
      recyclers.emplace_back(
          [&reader, chunk = std::move(taken.chunk)]() mutable { reader.Recycle(std::move(chunk)); });
    } else {
      reader.Recycle(std::move(taken.chunk));
    }
  }
  writer.join();
  for (std::thread& thread : recyclers) thread.join();
  EXPECT_TRUE(all == content + "\n");
}

}  // namespace
}  // namespace ddb
