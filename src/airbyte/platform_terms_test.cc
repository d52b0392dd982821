#include "airbyte/platform_terms.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace ddb {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string Refusal(const std::map<std::string, std::string>& environment) {
  const Status status = RefuseVariables([&](const std::string& name) {
    const auto found = environment.find(name);
    return found == environment.end() ? "" : found->second;
  });
  if (status.ok()) return "accepted";
  EXPECT_EQ(status.error().type, FailureType::kConfig);
  return status.error().message;
}

TEST(PlatformTerms, EveryOneIsOnceInItsListAndSaysWhy) {
  for (const auto terms :
       {PlatformVariables(), CatalogMembers(), ConfiguredStreamMembers(), StreamMembers(), SyncModes()}) {
    for (const PlatformTerm& term : terms) {
      EXPECT_EQ(FindTerm(terms, term.name), &term) << term.name;
      if (term.treatment == Treatment::kRefused) {
        EXPECT_THAT(std::string(term.why), HasSubstr("not supported")) << term.name;
      }
    }
    EXPECT_EQ(FindTerm(terms, "no_such_name"), nullptr);
    EXPECT_EQ(FindTerm(terms, ""), nullptr);
  }
  EXPECT_NE(FindTerm(PlatformVariables(), "DD_AGENT_HOST"), nullptr);
}

TEST(PlatformTerms, VariablesThatAskForWhatIsNotDone) {
  EXPECT_EQ(Refusal({}), "accepted");
  for (const PlatformTerm& term : PlatformVariables()) {
    const std::string name(term.name);
    for (const char* value :
         {"x", "true", "SOCKET", "PROTOBUF", " /var/run/sockets/airbyte_socket_1.sock "}) {
      const std::string refusal = Refusal({{name, value}});
      if (term.treatment == Treatment::kRefused) {
        EXPECT_THAT(refusal, AllOf(HasSubstr(name), HasSubstr("not supported"))) << value;
      } else {
        EXPECT_EQ(refusal, "accepted") << name << value;
      }
    }
    EXPECT_EQ(Refusal({{name, ""}}), "accepted") << name;
    EXPECT_EQ(Refusal({{name, " "}}), "accepted") << name;
  }
}

TEST(PlatformTerms, ValuesThatAskForNothing) {
  const std::map<std::string, std::string> accepted[] = {
      {{"DATA_CHANNEL_MEDIUM", "STDIO"}, {"DATA_CHANNEL_FORMAT", "JSONL"}},
      {{"DATA_CHANNEL_MEDIUM", " stdio\n"}, {"DATA_CHANNEL_FORMAT", "jsonl"}},
      {{"USE_FILE_TRANSFER", "false"}, {"AIRBYTE_STAGING_DIRECTORY", "/staging/files"}},
      {{"USE_FILE_TRANSFER", "FALSE"}},
      {{"USE_FILE_TRANSFER", "0"}},
      {{"DATA_CHANNEL_MEDIUM", "STDIO"},
       {"DATA_CHANNEL_SOCKET_PATHS", "/var/run/sockets/airbyte_socket_1.sock"},
       {"NAMESPACE_MAPPING_CONFIG_PATH", "/dest/namespace-mapping.json"}},
  };
  for (const auto& environment : accepted) EXPECT_EQ(Refusal(environment), "accepted");
  const std::map<std::string, std::string> refused[] = {
      {{"DATA_CHANNEL_MEDIUM", "STDIO"}, {"DATA_CHANNEL_FORMAT", "PROTOBUF"}},
      {{"DATA_CHANNEL_MEDIUM", "STDIO"}, {"DATA_CHANNEL_FORMAT", "FLATBUFFERS"}},
      {{"DATA_CHANNEL_MEDIUM", "socket"}},
      {{"DATA_CHANNEL_MEDIUM", "STDI"}},
      {{"USE_FILE_TRANSFER", "True"}},
  };
  for (const auto& environment : refused) EXPECT_THAT(Refusal(environment), HasSubstr("not supported"));
}

}  // namespace
}  // namespace ddb
