#include "airbyte/stream_router.h"

#include <gtest/gtest.h>

namespace ddb {
namespace {

StreamRef Ref(std::optional<std::string_view> ns, std::string_view name) { return {ns, name}; }

TEST(StreamRouter, AMessageWithoutNamespaceMeansTheOnlyStreamOfItsName) {
  const StreamRouter router(
      {{"osos", "users"}, {"osos", "orders"}, {"b", "orders"}, {std::nullopt, "plain"}});
  for (const std::optional<std::string_view> none :
       {std::optional<std::string_view>(), std::optional<std::string_view>("")}) {
    const StreamRouter::Route users = router.Find(Ref(none, "users"));
    EXPECT_EQ(users.stream, StreamNo(0));
    EXPECT_TRUE(users.by_name_only);
    EXPECT_EQ(router.Find(Ref(none, "orders")).stream, std::nullopt);
    EXPECT_EQ(router.Candidates(Ref(none, "orders")), (std::vector<StreamNo>{StreamNo(1), StreamNo(2)}));
    EXPECT_EQ(router.Find(Ref(none, "plain")).stream, StreamNo(3));
    EXPECT_FALSE(router.Find(Ref(none, "plain")).by_name_only);
    EXPECT_EQ(router.Find(Ref(none, "user")).stream, std::nullopt);
    EXPECT_TRUE(router.Candidates(Ref(none, "user")).empty());
  }
  EXPECT_EQ(router.Find(Ref("osos", "users")).stream, StreamNo(0));
  EXPECT_FALSE(router.Find(Ref("osos", "users")).by_name_only);
  // A namespace that is told counts.
  EXPECT_EQ(router.Find(Ref("a", "users")).stream, std::nullopt);
  EXPECT_EQ(router.Find(Ref("osos", "plain")).stream, std::nullopt);
  EXPECT_TRUE(router.Candidates(Ref("a", "orders")).empty());
}

TEST(StreamRouter, AStreamWithoutNamespaceIsMeantBeforeOthersOfItsName) {
  for (const std::optional<std::string>& none :
       {std::optional<std::string>(), std::optional<std::string>("")}) {
    const StreamRouter router({{"a", "users"}, {none, "users"}, {"b", "users"}});
    EXPECT_EQ(router.Find(Ref(std::nullopt, "users")).stream, StreamNo(1));
    EXPECT_FALSE(router.Find(Ref("", "users")).by_name_only);
  }
}

}  // namespace
}  // namespace ddb
