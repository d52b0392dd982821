// Records that come with a file (file transfer), which is not copied.
#include <gtest/gtest.h>

#include <string>

#include "airbyte/message_parser.h"
#include "support/airbyte/message_parser_fixture.h"

namespace ddb {
namespace {

// What would be stored is not what the source has sent.
TEST_F(MessageParserTest, ARecordThatComesWithAFile) {
  for (const char* file : {R"("file_reference":{"staging_file_url":"/staging/files/a","file_size_bytes":3})",
                           R"("file":{"file_url":"/staging/files/a","bytes":3})", R"("file_reference":{})"}) {
    const std::string record = R"({"type":"RECORD","record":{"stream":"users","data":{},"emitted_at":1,)";
    const ParsedLine& line = Parse(record + file + "}}");
    EXPECT_EQ(line.kind, LineKind::kMalformed);
    EXPECT_TRUE(line.has_stream_for_error);
    EXPECT_EQ(line.reason, kComesWithAFile);
  }
  const ParsedLine& none = Parse(
      R"({"type":"RECORD","record":{"stream":"users","data":{"file":{}},"emitted_at":1,"file":null,"file_reference":null}})");
  EXPECT_EQ(none.kind, LineKind::kRecord);
}

}  // namespace
}  // namespace ddb
