// For tests: random JSON objects with awkward names, numbers, strings, whitespace and depth.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <random>
#include <string>

namespace ddb::testkit {

class RandomJson {
 public:
  explicit RandomJson(uint64_t seed) : random_(seed) {}

  std::string Record() {
    deep_ = Chance(10);
    wide_ = Chance(50);
    awkward_numbers_ = Chance(4);
    values_left_ = deep_ || wide_ ? 200 : 60;
    return Object(0);
  }
  bool Chance(uint64_t one_in) { return random_() % one_in == 0; }
  uint64_t Below(uint64_t n) { return random_() % n; }

 private:
  std::string Space() {
    static const char* const kSpaces[] = {" ", "\t", "\r", "\n", "  ", " \t\r\n "};
    return Chance(6) ? kSpaces[Below(6)] : "";
  }

  std::string Object(int depth) {
    std::string text = "{" + Space();
    const uint64_t members = wide_ && depth < 2 ? Below(90) : Below(6);
    for (uint64_t i = 0; i < members; ++i) {
      if (i > 0) text += "," + Space();
      text += Name() + Space() + ":" + Space() + Value(depth + 1) + Space();
    }
    return text + "}";
  }

  std::string List(int depth) {
    std::string text = "[" + Space();
    const uint64_t elements = Below(6);
    for (uint64_t i = 0; i < elements; ++i) {
      if (i > 0) text += "," + Space();
      text += Value(depth + 1) + Space();
    }
    return text + "]";
  }

  std::string Value(int depth) {
    const uint64_t containers = --values_left_ < 0 || depth > 45 ? 0 : deep_ && depth < 40 ? 80 : 25;
    if (Below(100) < containers) return Chance(2) ? Object(depth) : List(depth);
    switch (Below(5)) {
      case 0:
        return Chance(3) ? "null" : Chance(2) ? "true" : "false";
      case 1:
      case 2:
        return Number();
      default:
        return String(Chance(20) ? Below(300) : Below(40));
    }
  }

  // Few different names, so that they repeat.
  std::string Name() {
    if (Chance(4)) return String(Below(30));
    static const char* const kNames[] = {"\"id\"",
                                         "\"\\u0069d\"",
                                         "\"name\"",
                                         "\"updated_at\"",
                                         "\"a.b[0]\"",
                                         "\"the same beginning 1 the same end\"",
                                         "\"the same beginning 2 the same end\"",
                                         "\"é\"",
                                         "\"\\u00e9\"",
                                         "\"\""};
    const uint64_t known = Below(40);
    if (known < 10) return kNames[known];
    return "\"n" + std::to_string(Below(1000)) + "\"";
  }

  std::string Digits(uint64_t n) {
    std::string text;
    for (uint64_t i = 0; i < n; ++i) text += Chance(3) ? '0' : static_cast<char>('0' + Below(10));
    return text;
  }
  std::string Number() {
    std::string text = Chance(3) ? "-" : "";
    std::string whole = Digits(1 + (awkward_numbers_ ? Below(45) : Below(12)));
    whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size() - 1));
    text += whole;
    if (Chance(3)) text += "." + Digits(1 + (awkward_numbers_ ? Below(45) : Below(8)));
    if (awkward_numbers_ && Chance(3)) {
      text += Chance(2) ? "e" : "E";
      text += Chance(2) ? "" : Chance(2) ? "-" : "+";
      text += Digits(1 + Below(3));
    }
    return text;
  }

  std::string String(uint64_t characters) {
    static const char* const kPieces[] = {"\\\"",
                                          "\\\\",
                                          "\\/",
                                          "\\b",
                                          "\\f",
                                          "\\n",
                                          "\\r",
                                          "\\t",
                                          "\\u0000",
                                          "\\u001f",
                                          "\\u00E9",
                                          "\\u20ac",
                                          "\\ud83d\\ude00",
                                          "\\uD800\\uDC00",
                                          "\\uFFFF",
                                          "\x7f",
                                          "é",
                                          "漢",
                                          "😀",
                                          "\xf4\x8f\xbf\xbf",
                                          "\u2028",
                                          "'",
                                          "{",
                                          "}",
                                          "[",
                                          "]",
                                          ":",
                                          ","};
    const bool awkward = Chance(3);
    std::string text = "\"";
    for (uint64_t i = 0; i < characters; ++i) {
      if (awkward && Chance(4)) {
        text += kPieces[Below(std::size(kPieces))];
      } else {
        text += static_cast<char>('a' + Below(26));
      }
    }
    return text + "\"";
  }

  std::mt19937_64 random_;
  bool deep_ = false, wide_ = false, awkward_numbers_ = false;
  int values_left_ = 0;  // before only scalars follow
};

}  // namespace ddb::testkit
