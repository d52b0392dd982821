#include "pipeline/chunk_room.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "items/fast_encoder.h"
#include "items/kept_fields.h"
#include "json/scan.h"
#include "json/utf8.h"

namespace ddb {
namespace {

// A value and a separator need this much more in an item than in the line.
constexpr size_t kScalarMore = token::kStringBegin.size() + token::kScalarEnd.size();
constexpr size_t kWordMore = token::kFalse.size() - std::string_view("false").size();
constexpr size_t kContainerMore =
    token::kMapBegin.size() + token::kMapEnd.size() - std::string_view("{}").size();
static_assert(token::kNumberBegin.size() == token::kStringBegin.size() &&
              token::kNull.size() - std::string_view("null").size() == kWordMore &&
              token::kTrue.size() - std::string_view("true").size() == kWordMore &&
              token::kListBegin.size() == token::kMapBegin.size());
// A number with an exponent is written anew.
constexpr size_t kExponentMore = kMaxCanonicalNumber;

// For each name of the objects that are open at a time (repeated_names), in a list that doubles; and for each
// top-level field of an item that is too large (shrink_item): its part, its path, its place in the order.
constexpr size_t kOpenNameRoom = 3 * 24;
constexpr size_t kFieldRoom = 3 * 96 + 2 * 64;
// An item that was made smaller, in a buffer of its own. Its limit is 409,600 bytes as DynamoDB counts them;
// its JSON is not much longer, but for what fields of short values grow by, up to kMaxFieldText.
constexpr size_t kShrunkRoom = 1 << 20;
constexpr size_t kShrunkFieldRoom = 1 << 16;
// Brackets around a record's fields: line, record, data.
constexpr size_t kDataLevel = 3;

// Walks over a line's tokens and adds up what they need. Of a line that is not valid JSON it says something
// up to where it is not, and the encoder comes no further.
class LineScan {
 public:
  explicit LineScan(std::string_view line) : line_(line) {}

  size_t Room() {
    bool value_next = true;
    for (at_ = 0; at_ < line_.size(); ++at_) {
      const char c = line_[at_];
      switch (c) {
        case '"': {
          const bool empty = at_ + 1 < line_.size() && line_[at_ + 1] == '"';
          const bool escaped = SkipString();
          const bool is_name = !value_next;
          if (is_name) {
            rewritten_ |= empty || escaped || string_bytes_ > kMaxNameBytes;
          } else {
            more_ += kScalarMore;
            changed_ |= escaped && InData();  // half a surrogate pair, perhaps
          }
          if (CountReplacements()) {
            rewritten_ |= is_name;
            changed_ |= InData();
          }
          value_next = false;
          break;
        }
        case ':':
          CountName();
          value_next = true;
          break;
        case ',':
          value_next = !InObject();
          break;
        case '{':
        case '[':
          more_ += kContainerMore;
          Open(c == '{');
          value_next = c == '[';
          break;
        case '}':
        case ']':
          Close();
          value_next = false;
          break;
        default:
          if (value_next && !json::IsWhitespace(c)) {
            more_ += c == 't' || c == 'f' || c == 'n' ? kWordMore : kScalarMore;
            value_next = false;
            value_at_ = at_;
            changed_ |= InData() && IsNonNumber();
          } else if ((c == 'e' || c == 'E') && at_ > 0 && IsDigit(line_[at_ - 1])) {
            more_ += kExponentMore;
            changed_ |= InData();  // no number for DynamoDB, perhaps
          } else if (at_ - value_at_ >= kMaxNumberDigits) {
            changed_ |= InData();
          }
      }
    }
    const size_t worst = GrownBytes(line_.size());
    changed_ |= rewritten_;
    const size_t text = rewritten_ ? worst : std::min(line_.size() + more_, worst);
    const size_t item = std::min(text, kMaxRecordText);  // of a longer one no more is held
    const size_t shrunk = kShrunkRoom + std::min({more_, fields_ * kShrunkFieldRoom, kMaxFieldText});
    return item + std::min(item, shrunk) + (changed_ ? kMaxNotedByPath : 0) + most_names_ * kOpenNameRoom +
           fields_ * kFieldRoom;
  }

 private:
  static constexpr size_t kMaxLevels = kDataLevel - 1 + kMaxContainers;

  // To the closing quote. True: it has escapes.
  bool SkipString() {
    bool escaped = false;
    const size_t begin = ++at_;
    while (at_ < line_.size() && line_[at_] != '"') {
      if (line_[at_] == '\\') {
        escaped = true;
        ++at_;
      }
      ++at_;
    }
    at_ = std::min(at_, line_.size());
    string_bytes_ = at_ - begin;
    return escaped;
  }

  // Of what is no UTF-8 in the string that ends here. True: there is some.
  bool CountReplacements() {
    const char* p = line_.data() + at_ - string_bytes_;
    const char* const end = line_.data() + at_;
    if (json::ValidUtf8(p, end)) return false;
    for (json::InvalidUtf8 invalid = json::FindInvalidUtf8(p, end); invalid.length > 0;
         invalid = json::FindInvalidUtf8(p, end)) {
      more_ += json::kReplacement.size();
      p = invalid.at + invalid.length;
    }
    return true;
  }

  // NaN or an infinity, perhaps.
  bool IsNonNumber() const {
    const std::string_view value = line_.substr(at_, 2);
    return value.starts_with('N') || value.starts_with('I') || value == "-I";
  }

  bool InData() const { return level_ >= kDataLevel; }
  bool InObject() const { return level_ > 0 && level_ <= kMaxLevels && objects_[level_ - 1]; }
  void Open(bool object) {
    if (++level_ > kMaxLevels) {
      rewritten_ = true;  // kept as text
      return;
    }
    objects_[level_ - 1] = object;
    names_[level_ - 1] = 0;
  }
  void Close() {
    if (level_ == 0) return;
    if (level_ <= kMaxLevels) open_names_ -= names_[level_ - 1];
    --level_;
  }
  void CountName() {
    if (!InObject()) return;
    ++names_[level_ - 1];
    most_names_ = std::max(most_names_, ++open_names_);
    if (level_ == kDataLevel) ++fields_;
  }

  const std::string_view line_;
  size_t at_ = 0;
  size_t string_bytes_ = 0;
  size_t more_ = 0;
  size_t value_at_ = 0;     // where the last number or word began
  bool rewritten_ = false;  // a name or a container is not as it was sent
  bool changed_ = false;    // or something else is, perhaps, which is noted
  size_t level_ = 0;
  std::array<bool, kMaxLevels> objects_ = {};
  std::array<size_t, kMaxLevels> names_ = {};
  size_t open_names_ = 0;
  size_t most_names_ = 0;  // at a time
  size_t fields_ = 0;
};

}  // namespace

size_t RoomForLine(std::string_view line) { return LineScan(line).Room(); }

size_t RoomForLongChunk(std::string_view chunk) {
  const size_t line = std::min(chunk.find('\n'), chunk.size());
  return RoomForLine(chunk.substr(0, line)) + GrownBytes(chunk.size() - line);
}

}  // namespace ddb
