#include "pipeline/passed_over.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace ddb {
namespace {

struct Lines : Log {
  void Write(LogLevel level, std::string message) override {
    EXPECT_EQ(level, LogLevel::kWarn);
    texts.push_back(std::move(message));
  }
  std::vector<std::string> texts;
};

TEST(PassedOver, AFloodIsTwoLinesOfLogEach) {
  Lines log;
  PassedOver passed(log);
  for (uint64_t line = 7; line < 1007; ++line) passed.NoteText(line);
  passed.NoteText(3);  // another worker's, of an earlier chunk
  for (uint64_t line = 1; line <= 100; ++line)
    passed.NoteType(line, line % 2 == 0 ? "NEW" : "T" + std::to_string(line));
  ASSERT_EQ(log.texts.size(), 2U);
  EXPECT_NE(log.texts[0].find("Line 7 of the input is text"), std::string::npos) << log.texts[0];
  EXPECT_NE(log.texts[1].find("Line 1 of the input is a message of a type that is not known (T1)"),
            std::string::npos)
      << log.texts[1];
  passed.LogTotals();
  ASSERT_EQ(log.texts.size(), 4U);
  EXPECT_EQ(
      log.texts[2],
      "1001 lines of the input are text, not messages, and were passed over, the first of them line 3.");
  EXPECT_EQ(log.texts[3],
            "100 lines of the input have a type that is not known and were passed over: NEW (50), T1 (1), T3 "
            "(1), T5 (1), "
            "T7 (1), others (46).");
}

// So that who misses a checkpoint knows why.
TEST(PassedOver, AStateInTextIsTold) {
  Lines log;
  PassedOver passed(log);
  passed.NoteText(2);
  passed.NoteText(5, /*holds_state=*/true);
  passed.NoteText(6, /*holds_state=*/true);
  ASSERT_EQ(log.texts.size(), 2U);
  EXPECT_NE(log.texts[1].find("Line 5 of the input is text with a STATE in it"), std::string::npos)
      << log.texts[1];
  passed.LogTotals();
  ASSERT_EQ(log.texts.size(), 4U);
  EXPECT_EQ(log.texts[3], "2 lines of text had a STATE in them, which was passed over too.");
}

TEST(PassedOver, NothingIsSaidOfNothing) {
  Lines log;
  PassedOver passed(log);
  passed.LogTotals();
  EXPECT_TRUE(log.texts.empty());
  EXPECT_FALSE(passed.WhyNoInput());
}

TEST(PassedOver, TextAloneIsNoInput) {
  Lines log;
  PassedOver passed(log);
  passed.NoteText(1);
  ASSERT_TRUE(passed.WhyNoInput());
  EXPECT_NE(passed.WhyNoInput()->message.find("1 line of text and no Airbyte message"), std::string::npos);
  passed.NoteMessages();
  EXPECT_FALSE(passed.WhyNoInput());
}

TEST(PassedOver, ATypeIsShownWithoutWhatCouldBeData) {
  EXPECT_EQ(ShownType("NEW_thing-2"), "NEW_thing-2");
  EXPECT_EQ(ShownType("a b\n{\"\xC3\xA4"), "a?b????\?");
  EXPECT_EQ(ShownType(""), "(empty)");
  EXPECT_EQ(ShownType(std::string(1000, 'x')), std::string(40, 'x') + "...");
}

}  // namespace
}  // namespace ddb
