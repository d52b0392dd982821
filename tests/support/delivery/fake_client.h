// A client for the dispatcher's tests: no network, no table; the test says what every request is answered.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "dynamodb/client.h"

namespace ddb {

inline constexpr std::string_view kAllWritten = R"({"UnprocessedItems":{}})";

// Answers every request, on the loop, by what the test says of its items' keys.
class FakeClient final : public Client {
 public:
  explicit FakeClient(EventLoop& loop) : loop_(loop) {}

  void Send(const Operation& operation, Buffer& body, Done done) override {
    operations.emplace_back(operation.name);
    bodies.emplace_back(body.view());
    ++in_flight_;
    std::vector<std::string> keys = KeysIn(body.view());
    EXPECT_LE(keys.size(), 25u);
    requests.push_back(keys);
    loop_.Post([this, keys = std::move(keys), done = std::move(done)] {
      --in_flight_;
      std::string text;
      Reply reply;
      answer(keys, reply, text);
      reply.body = text;
      if (reply.verdict.ok()) {
        for (const std::string& key : keys) {
          if (text.find(ItemOf(key)) == std::string::npos) ++stored[key];
        }
      }
      done(reply);
    });
  }
  size_t in_flight() const override { return in_flight_; }

  static std::string ItemOf(const std::string& key) {
    return R"({"PutRequest":{"Item":)" + BareItemOf(key) + "}}";
  }
  static std::string BareItemOf(const std::string& key) { return R"({"id":{"S":")" + key + R"("}})"; }
  static std::vector<std::string> KeysIn(std::string_view body) {
    std::vector<std::string> keys;
    static constexpr std::string_view kBegin = R"({"id":{"S":")";
    for (size_t at = body.find(kBegin); at != std::string_view::npos; at = body.find(kBegin, at + 1)) {
      const size_t begin = at + kBegin.size();
      keys.emplace_back(body.substr(begin, body.find('"', begin) - begin));
    }
    return keys;
  }
  static std::string Unprocessed(const std::string& table, const std::vector<std::string>& keys) {
    std::string items;
    for (const std::string& key : keys) items += (items.empty() ? "" : ",") + ItemOf(key);
    return R"({"UnprocessedItems":{")" + table + R"(":[)" + items + "]}}";
  }

  std::function<void(const std::vector<std::string>& keys, Reply& reply, std::string& body)> answer =
      [](const auto&, Reply&, std::string& body) { body = kAllWritten; };
  std::vector<std::vector<std::string>> requests;  // the keys in each
  std::vector<std::string> operations;
  std::vector<std::string> bodies;
  std::map<std::string, int> stored;

 private:
  EventLoop& loop_;
  size_t in_flight_ = 0;
};

}  // namespace ddb
