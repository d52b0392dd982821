#include "items/fast_encoder.h"

#include <cstring>

#include "base/text.h"
#include "items/item_writer.h"
#include "items/number.h"
#include "json/escape.h"
#include "json/scan.h"
#include "json/string_copy.h"

namespace ddb {
namespace {

// A run of escapes, copied raw. Neither inlined nor given anything by reference, so that the loop's state
// stays in registers.
struct EscapeRun {
  uint32_t length;   // 0: not valid, or half a surrogate pair
  uint32_t shorter;  // bytes that UTF-8 needs fewer
};
[[gnu::noinline]] EscapeRun CopyEscapes(const char* p, const char* end, char* out) {
  constexpr uint32_t kEnough = 1 << 20;  // the caller comes back
  EscapeRun run{0, 0};
  while (p < end && *p == '\\' && run.length < kEnough) {
    const json::Escape escape = json::ReadEscape(p, end);
    if (escape.length == 0 || escape.lone_surrogate) return {0, 0};
    constexpr size_t kLongest = 12;  // of a surrogate pair
    static_assert(kLongest <= json::kPadding && kLongest <= json::kStringSlack);
    std::memcpy(out, p, kLongest);
    p += escape.length;
    out += escape.length;
    run.length += escape.length;
    run.shorter += escape.length - escape.utf8_length;
  }
  return run;
}

[[gnu::noinline]] uint64_t HashDecoded(const KeyFilter& keys, std::string_view raw) {
  std::string name;
  json::Unescape(raw, name);
  const size_t length = name.size();
  name.append(KeyFilter::kReadAhead, '\0');
  return keys.Hash(name.data(), length);
}

// Numbers other than short plain ones.
[[gnu::noinline]] Number OtherNumber(const char* p, const char* end, char* out) {
  return NormalizeNumber(p, end, out);
}

// One value. An object of this class lives in one function, and everything that gets at its members is
// inlined there, so that they are registers.
template <typename Kernel>
class Scan {
 public:
  // `objects` has room for kMaxContainers + 1.
  [[gnu::always_inline]] Scan(const char* p, const char* end, int outer_levels, KeyFilter::Object* objects,
                              KeyFilter& keys, Buffer& out)
      : p_(p),
        end_(end),
        keys_(keys),
        out_(out),
        out_begin_(out.size()),
        objects_(objects),
        names_(keys.BeginRecord()),
        open_(1u << outer_levels) {
    first_level_ = open_;
  }

  [[gnu::always_inline]] FastResult Run() {
    const char* const begin = p_;
    // Most records grow by less than half; tokens check for the rest.
    const auto left = static_cast<size_t>(end_ - p_);
    w_.at = out_.Grow(left + left / 2 + 2 * kSlack);
    SetRoom();
    const Step step = Values();
    out_.CommitTo(w_.at);
    if (step == Step::kRare) return {FastStatus::kRare, nullptr, {}};
    if (step == Step::kInvalid) return {};
    if (p_ > end_ || (text_.saw_non_ascii() && !json::ValidUtf8(begin, p_))) return {};
    return {FastStatus::kDone, p_, w_.SizeSince(out_.data() + out_begin_)};
  }

 private:
  enum class Step { kOk, kRare, kInvalid };
  static constexpr size_t kSlack = json::kStringSlack + ItemWriter::kTokenRoom;

  // Strings do not grow, so there is room while what is written is not further ahead of what is read than
  // this; every other token takes at most kTokenRoom.
  [[gnu::always_inline]] void SetRoom() {
    max_lead_ =
        reinterpret_cast<intptr_t>(out_.data() + out_.capacity() - kSlack) - reinterpret_cast<intptr_t>(end_);
  }
  // False: this is too long to be worth it.
  [[gnu::always_inline]] bool EnsureRoom() {
    const intptr_t lead = reinterpret_cast<intptr_t>(w_.at) - reinterpret_cast<intptr_t>(p_);
    if (lead > max_lead_) [[unlikely]] {
      if (static_cast<size_t>(w_.at - out_.data()) - out_begin_ > kMaxFastOutput) return false;
      w_.at = ItemWriter::Reserve(out_, w_.at, 2 * (static_cast<size_t>(end_ - p_) + kSlack));
      SetRoom();
    }
    return true;
  }
  [[gnu::always_inline]] void SkipSpace() {
    while (static_cast<unsigned char>(*p_) <= ' ' && p_ < end_ &&
           (*p_ == ' ' || *p_ == '\t' || *p_ == '\r' || *p_ == '\n')) {
      ++p_;
    }
  }
  [[gnu::always_inline]] bool in_object() const { return (open_ & 1) != 0; }

  // p_ behind the opening quote; then behind the closing one, which is not written.
  [[gnu::always_inline]] Step CopyString() {
    for (;;) {
      text_.Copy(p_, end_, w_.at);
      if (p_ >= end_) [[unlikely]]
        return Step::kInvalid;
      if (*p_ == '"') [[likely]] {
        ++p_;
        return Step::kOk;
      }
      if (*p_ != '\\') return Step::kInvalid;
      const EscapeRun run = CopyEscapes(p_, end_, w_.at);
      if (run.length == 0) return Step::kRare;
      p_ += run.length;
      w_.at += run.length;
      w_.Shorter(run.shorter);
    }
  }

  [[gnu::always_inline]] Step Name() {
    if (*p_ != '"') return Step::kInvalid;
    if (!EnsureRoom()) [[unlikely]]
      return Step::kRare;
    w_.BeginName();
    const char* const name = ++p_;
    const int64_t before = w_.excess;
    const Step step = CopyString();
    if (step != Step::kOk) return step;
    const auto length = static_cast<size_t>(p_ - 1 - name);
    const bool escaped = w_.excess != before;
    if (length == 0 || length > kMaxNameBytes) return Step::kRare;
    const uint64_t hash = escaped ? HashDecoded(keys_, {name, length}) : keys_.Hash(name, length);
    if (!keys_.Add(object_, names_, hash)) return Step::kRare;
    w_.EndName();
    SkipSpace();
    if (*p_ != ':') return Step::kInvalid;
    ++p_;
    SkipSpace();
    return Step::kOk;
  }

  // Plain numbers of up to 38 digits are copied; the others are worth a call.
  [[gnu::always_inline]] Step Number() {
    w_.BeginNumber();
    const char* const begin = p_;
    const bool negative = *p_ == '-';
    p_ += negative;
    const char* const whole = p_;
    while (IsDigit(*p_) && p_ < end_) ++p_;
    const ptrdiff_t whole_digits = p_ - whole;
    ptrdiff_t fraction_digits = 0;
    if (*p_ == '.') {
      const char* const fraction = ++p_;
      while (IsDigit(*p_) && p_ < end_) ++p_;
      fraction_digits = p_ - fraction;
    }
    // Neither a zero in front nor one behind the point, so what is written is what was read.
    const bool plain = *whole != '0' && (fraction_digits == 0 ? p_[-1] != '.' : p_[-1] != '0') &&
                       whole_digits > 0 && p_ - whole <= kMaxNumberDigits && (*p_ | 0x20) != 'e';
    if (plain) [[likely]] {
      static_assert(kMaxNumberDigits + 2 <= 48 && 48 <= json::kPadding);  // with sign and point
      std::memcpy(w_.at, begin, 16);
      if (p_ - begin > 16) std::memcpy(w_.at + 16, begin + 16, 32);
      ptrdiff_t digits = whole_digits + fraction_digits;
      if (fraction_digits == 0) {
        while (whole[digits - 1] == '0') --digits;
      }
      w_.at += p_ - begin;
      w_.CountNumber(p_ - begin,
                     NumberSize(negative, static_cast<int>(digits), static_cast<int>(whole_digits)));
    } else {
      const ddb::Number number = OtherNumber(begin, end_, w_.at);
      if (number.fit == NumberFit::kInvalid) return Step::kInvalid;
      if (number.fit != NumberFit::kFits) return Step::kRare;
      p_ = number.next;
      w_.at += number.length;
      w_.CountNumber(number.length, number.size);
    }
    w_.EndScalar();
    return Step::kOk;
  }

  // `end_of_word` is the last four letters.
  [[gnu::always_inline]] Step Literal(const char (&end_of_word)[5], int length) {
    if (std::memcmp(p_ + length - 4, end_of_word, 4) != 0) return Step::kInvalid;
    p_ += length;
    return Step::kOk;
  }

  [[gnu::always_inline]] Step Scalar() {
    switch (*p_) {
      case '"': {
        ++p_;
        w_.BeginString();
        const Step step = CopyString();
        w_.EndScalar();
        return step;
      }
      case 't':
        w_.True();
        return Literal("true", 4);
      case 'f':
        w_.False();
        return Literal("alse", 5);
      case 'n':
        w_.Null();
        return Literal("null", 4);
      default:
        return *p_ == '-' || IsDigit(*p_) ? Number() : Step::kInvalid;
    }
  }

  // p_ at '{' or '['.
  [[gnu::always_inline]] void Open() {
    const bool object = *p_++ == '{';
    open_ = open_ << 1 | static_cast<uint32_t>(object);
    if (object) {
      w_.BeginMap();
      *objects_++ = object_;
      object_ = KeyFilter::Begin(names_);
    } else {
      w_.BeginList();
    }
  }
  // p_ at '}' or ']'.
  [[gnu::always_inline]] Step Close() {
    ++p_;
    if (in_object()) {
      if (!keys_.End(object_, names_)) [[unlikely]]
        return Step::kRare;
      w_.EndMap();
      object_ = *--objects_;
    } else {
      w_.EndList();
    }
    open_ >>= 1;
    return Step::kOk;
  }
  [[gnu::always_inline]] bool AtClose() const { return *p_ == (in_object() ? '}' : ']'); }

  // Behind a value: what ends here, up to a comma or the end of it all.
  [[gnu::always_inline]] Step Closings() {
    for (;;) {
      SkipSpace();
      if (*p_ == ',') return Step::kOk;
      if (!AtClose()) [[unlikely]]
        return Step::kInvalid;
      const Step step = Close();
      if (step != Step::kOk || open_ == first_level_) return step;
    }
  }

  // What stands behind `end_` is never followed far: the closing brackets of 31 levels and one token lie
  // between two checks.
  static_assert(kMaxContainers + 2 + 16 <=
                json::kPadding);  // they, a comma, a quote, the first bytes of a string
  [[gnu::always_inline]] Step Values() {
    for (;;) {
      if (p_ >= end_) [[unlikely]]
        return Step::kInvalid;
      if (!EnsureRoom()) [[unlikely]]
        return Step::kRare;
      bool opened = false;
      if (*p_ == '{' || *p_ == '[') {
        if ((open_ >> kMaxContainers) != 0) [[unlikely]]
          return Step::kRare;
        Open();
        SkipSpace();
        opened = !AtClose();
      } else {
        const Step step = Scalar();
        if (step != Step::kOk) [[unlikely]]
          return step;
      }
      if (!opened) {
        const Step step = Closings();
        if (step != Step::kOk || open_ == first_level_) return step;
        ++p_;
        w_.Comma();
        SkipSpace();
      }
      const Step step = NextInside();
      if (step != Step::kOk) [[unlikely]]
        return step;
    }
  }
  // Up to the value of the next member or element.
  [[gnu::always_inline]] Step NextInside() {
    if (in_object()) return Name();
    w_.BeginElement();
    return Step::kOk;
  }

  const char* p_;
  const char* const end_;
  KeyFilter& keys_;
  Buffer& out_;
  const size_t out_begin_;
  ItemWriter w_;
  Kernel text_;
  intptr_t max_lead_ = 0;
  KeyFilter::Object* objects_;  // of the objects around the innermost
  uint64_t* names_;
  KeyFilter::Object object_{};  // the innermost
  uint32_t first_level_;
  // A bit per open container, the innermost lowest, 1: an object; above them one set bit, and above that as
  // many bits as levels are left.
  uint32_t open_;
};

template <typename Kernel>
[[gnu::always_inline]] inline FastResult EncodeWith(const char* p, const char* end, int outer_levels,
                                                    KeyFilter& keys, Buffer& out) {
  KeyFilter::Object objects[kMaxContainers + 1];
  return Scan<Kernel>(p, end, outer_levels, objects, keys, out).Run();
}

}  // namespace

FastResult FastEncodePortable(const char* p, const char* end, int outer_levels, KeyFilter& keys,
                              Buffer& out) {
  return EncodeWith<json::PortableKernel>(p, end, outer_levels, keys, out);
}

#if defined(__SSE2__)
FastResult FastEncodeSse2(const char* p, const char* end, int outer_levels, KeyFilter& keys, Buffer& out) {
  return EncodeWith<json::Sse2Kernel>(p, end, outer_levels, keys, out);
}
FastResult FastEncodeAvx2(const char* p, const char* end, int outer_levels, KeyFilter& keys, Buffer& out) {
  return EncodeWith<json::Avx2Kernel>(p, end, outer_levels, keys, out);
}
FastEncode* ChooseFastEncode() { return json::HasAvx2() ? FastEncodeAvx2 : FastEncodeSse2; }
#else
FastEncode* ChooseFastEncode() { return FastEncodePortable; }
#endif

}  // namespace ddb
