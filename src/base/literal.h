// Text: words of this program's own. Only a string literal makes one, so that what is written into a message,
// a log line or an item as a reason can hold neither data nor a secret nor a server's words: anything that
// was put together at run time does not compile. Value; any thread.
#pragma once

#include <cstddef>
#include <ostream>
#include <string_view>

namespace ddb {

class Text {
 public:
  constexpr Text() = default;
  template <size_t N>
  consteval Text(const char (&literal)[N]) : text_(literal) {}  // reads it: its bytes must be constants too

  constexpr std::string_view view() const { return text_; }
  constexpr operator std::string_view() const { return text_; }
  constexpr bool empty() const { return text_.empty(); }
  constexpr size_t size() const { return text_.size(); }

  friend constexpr bool operator==(Text a, Text b) { return a.text_ == b.text_; }
  friend constexpr auto operator<=>(Text a, Text b) { return a.text_ <=> b.text_; }
  friend std::ostream& operator<<(std::ostream& out, Text text) { return out << text.text_; }

 private:
  std::string_view text_;
};

}  // namespace ddb
