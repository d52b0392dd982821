#include "airbyte/error_text.h"

#include <gtest/gtest.h>

namespace ddb {
namespace {

TEST(ErrorText, WhatProgramsSayAsTheyEnd) {
  for (const char* text :
       {"Traceback (most recent call last):", "KeyError: 'id'", "java.io.IOException: x",
        "Exception in thread \"main\" java.lang.Error", "thread 'main' panicked at src/main.rs:4:5",
        "panic: runtime error", "fatal error: all goroutines are asleep", "Segmentation fault (core dumped)",
        "Uncaught ReferenceError", "2024-01-01 12:00:00 ERROR x - y", "[FATAL] x", "CRITICAL:root:x",
        R"({"level":"error","msg":"x"})", R"({"levelname": "CRITICAL", "message": "x"})",
        R"({"log":"{\"severity\":\"Error\"}"})", "time=now level=fatal msg=x", R"({"level":50,"msg":"x"})",
        R"({"LogLevel":"Critical","Message":"x"})"}) {
    EXPECT_TRUE(SoundsLikeAnError(text)) << text;
  }
}

TEST(ErrorText, WhatTheySayOtherwise) {
  for (const char* text :
       {"", "starting", "2024-01-01 INFO read 0 errors", "no error", "ERRORS", "MY_ERROR_CODE", "error",
        R"({"level":"info","msg":"error"})", "level=warning msg=x", R"({"level":30})", "level",
        "level=", "0 errors, 1 warning", "DeprecationWarning: x"}) {
    EXPECT_FALSE(SoundsLikeAnError(text)) << text;
  }
}

}  // namespace
}  // namespace ddb
