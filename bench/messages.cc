#include "messages.h"

#include <charconv>
#include <cstring>
#include <vector>

namespace bench {
namespace {

// xoshiro256++, seeded by splitmix64: https://prng.di.unimi.it/
class Random {
 public:
  explicit Random(uint64_t seed) {
    for (uint64_t& word : state_) {
      seed += 0x9e3779b97f4a7c15;
      uint64_t z = seed;
      z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
      z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
      word = z ^ (z >> 31);
    }
  }
  uint64_t Next() {
    const uint64_t result = Rotate(state_[0] + state_[3], 23) + state_[0];
    const uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = Rotate(state_[3], 45);
    return result;
  }
  // In [0, n), n < 2^32.
  uint32_t Below(uint32_t n) { return static_cast<uint32_t>(((Next() >> 32) * n) >> 32); }

 private:
  static uint64_t Rotate(uint64_t x, int k) { return (x << k) | (x >> (64 - k)); }
  uint64_t state_[4];
};

// Gathers lines and hands them on in large pieces.
class Output {
 public:
  explicit Output(const std::function<void(std::string_view)>& write) : write_(write) {
    bytes_.resize(kSize);
  }
  ~Output() { write_({bytes_.data(), used_}); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  Output& operator<<(std::string_view text) {
    std::memcpy(bytes_.data() + used_, text.data(), text.size());
    used_ += text.size();
    return *this;
  }
  template <typename Integer>
  Output& Number(Integer value) {
    used_ = static_cast<size_t>(std::to_chars(bytes_.data() + used_, bytes_.data() + kSize, value).ptr -
                                bytes_.data());
    return *this;
  }
  void EndLine() {
    bytes_[used_++] = '\n';
    if (used_ + kLine <= kSize) return;
    write_({bytes_.data(), used_});
    used_ = 0;
  }

 private:
  static constexpr size_t kSize = 1 << 20;
  static constexpr size_t kLine = 64 * 1024;  // more than the longest line
  const std::function<void(std::string_view)>& write_;
  std::string bytes_;
  size_t used_ = 0;
};

constexpr std::string_view kFirst[] = {"Anna",  "Bruno", "Chen", "Daria", "Emil",   "Fatima",
                                       "Goran", "Hana",  "Igor", "Jonas", "Katrin", "Liam",
                                       "Mona",  "Nils",  "Olga", "Pablo"};
constexpr std::string_view kLast[] = {"Keller", "Novak",  "Okafor", "Petrov", "Quinn", "Rossi",
                                      "Sato",   "Tanaka", "Ulrich", "Varga",  "Weber", "Xu",
                                      "Young",  "Zhang",  "Adams",  "Berg"};
constexpr std::string_view kCountry[] = {"DE", "FR", "US", "JP", "BR", "IN", "ZA", "NO"};
constexpr std::string_view kCity[] = {"Köln", "São Paulo", "東京",  "Zürich",
                                      "Łódź", "Reykjavík", "Malmö", "Besançon"};
constexpr std::string_view kStreet[] = {"Main Street", "Bahnhofstraße", "Rue de l'Église", "Via Roma",
                                        "Gran Vía",    "Kungsgatan",    "Elm Avenue",      "Nørregade"};
constexpr std::string_view kWord[] = {"order",    "shipped", "with",     "care",   "and",    "a",
                                      "receipt",  "that",    "customer", "asked",  "for",    "before",
                                      "delivery", "of",      "the",      "second", "parcel", "which",
                                      "arrived",  "late",    "but",      "intact", "in",     "box"};
// As sources that write ASCII only escape them.
constexpr std::string_view kSpice[] = {R"(\u20ac)", R"(\"quoted\")",   R"(caf\u00e9)",   R"(line\n)",
                                       R"(tab\t)",  R"(\ud83d\ude00)", R"(back\\slash)", "naïve"};
constexpr std::string_view kKind[] = {"page_view", "click", "add_to_cart", "checkout", "refund", "login"};

template <size_t N>
std::string_view Pick(Random& random, const std::string_view (&words)[N]) {
  return words[random.Below(N)];
}

Output& Digits(Output& out, uint32_t value, int width) {
  char text[10];
  for (int i = width - 1; i >= 0; --i, value /= 10) text[i] = static_cast<char>('0' + value % 10);
  return out << std::string_view(text, static_cast<size_t>(width));
}

// As sources print floats: no zero at the end.
void Fraction(Output& out, Random& random, uint32_t below, int width) {
  out << ".";
  Digits(out, random.Below(below), width);
  Digits(out, 1 + random.Below(9), 1);
}

void Decimal(Output& out, Random& random, uint32_t below) {
  out.Number(random.Below(below));
  Fraction(out, random, 10, 1);
}

void Time(Output& out, Random& random) {
  out << "\"2024-";
  Digits(out, 1 + random.Below(12), 2) << "-";
  Digits(out, 1 + random.Below(28), 2) << "T";
  Digits(out, random.Below(24), 2) << ":";
  Digits(out, random.Below(60), 2) << ":";
  Digits(out, random.Below(60), 2) << "Z\"";
}

void Text(Output& out, Random& random, uint32_t words, uint32_t spice_every) {
  for (uint32_t i = 0; i < words; ++i) {
    if (i > 0) out << " ";
    out << (random.Below(spice_every) == 0 ? Pick(random, kSpice) : Pick(random, kWord));
  }
}

void Email(Output& out, Random& random, std::string_view name) {
  out << "\"email\":\"" << name << ".";
  out.Number(random.Below(10000)) << "@example.com\"";
}

void SmallData(Output& out, Random& random, uint64_t id) {
  const std::string_view first = Pick(random, kFirst), last = Pick(random, kLast);
  (out << "{\"id\":").Number(id) << ",\"name\":\"" << first << " " << last << "\",";
  Email(out, random, last);
  out << (random.Below(2) ? ",\"active\":true,\"score\":" : ",\"active\":false,\"score\":");
  Decimal(out, random, 100);
  (out << ",\"visits\":").Number(random.Below(1000)) << ",\"created_at\":";
  Time(out, random);
  out << ",\"country\":";
  if (random.Below(8) == 0) {
    out << "null}";
  } else {
    out << "\"" << Pick(random, kCountry) << "\"}";
  }
}

void Person(Output& out, Random& random) {
  const std::string_view first = Pick(random, kFirst), last = Pick(random, kLast);
  out << "{\"first_name\":\"" << first << "\",\"last_name\":\"" << last << "\",";
  Email(out, random, last);
  out << ",\"address\":{\"street\":\"" << Pick(random, kStreet) << " ";
  out.Number(1 + random.Below(200)) << "\",\"city\":\"" << Pick(random, kCity) << "\",\"zip\":\"";
  Digits(out, random.Below(100000), 5)
      << "\",\"country\":\"" << Pick(random, kCountry) << "\",\"geo\":{\"lat\":-";
  Digits(out, 10 + random.Below(80), 2);
  Fraction(out, random, 100000, 5);
  out << ",\"lon\":";
  Digits(out, 100 + random.Below(80), 3);
  Fraction(out, random, 100000, 5);
  out << "}}}";
}

void OrderLine(Output& out, Random& random) {
  out << "{\"sku\":\"SKU-";
  Digits(out, random.Below(1000000), 6) << "\",\"title\":\"";
  Text(out, random, 4, 10);
  (out << "\",\"quantity\":").Number(1 + random.Below(9)) << ",\"price\":";
  Decimal(out, random, 500);
  out << ",\"discount\":null}";
}

void MediumData(Output& out, Random& random, uint64_t id) {
  (out << "{\"id\":").Number(id) << ",\"customer\":";
  Person(out, random);
  out << ",\"lines\":[";
  for (int i = 0; i < 3; ++i) {
    if (i > 0) out << ",";
    OrderLine(out, random);
  }
  out << "],\"tags\":[\"" << Pick(random, kWord) << "\",\"" << Pick(random, kWord) << "\",\""
      << Pick(random, kCity) << "\"],\"note\":\"";
  Text(out, random, 33, 8);
  out << "\",\"flags\":{\"gift\":" << (random.Below(2) ? "true" : "false")
      << ",\"express\":" << (random.Below(2) ? "true" : "false") << ",\"coupon\":null},\"total\":";
  Decimal(out, random, 5000);
  out << ",\"created_at\":";
  Time(out, random);
  out << ",\"updated_at\":";
  Time(out, random);
  out << "}";
}

void LargeData(Output& out, Random& random, uint64_t id) {
  (out << "{\"id\":").Number(id) << ",\"customer\":";
  Person(out, random);
  out << ",\"events\":[";
  for (int i = 0; i < 42; ++i) {
    if (i > 0) out << ",";
    out << "{\"kind\":\"" << Pick(random, kKind) << "\",\"at\":";
    Time(out, random);
    (out << ",\"duration_ms\":").Number(random.Below(100000)) << ",\"value\":";
    Decimal(out, random, 1000);
    out << ",\"ok\":" << (random.Below(2) ? "true" : "false") << ",\"detail\":\"";
    Text(out, random, 8, 20);
    out << "\"}";
  }
  out << "],\"text\":\"";
  Text(out, random, 265, 20);
  out << "\"}";
}

std::string StreamName(const Messages& messages, uint64_t index) {
  return messages.streams == 1 ? "bench" : "bench_" + std::to_string(index);
}

void WriteState(Output& out, const std::string& stream, uint64_t cursor, uint64_t count) {
  out << R"({"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":")" << stream
      << R"("},"stream_state":{"cursor":")";
  (out.Number(cursor) << R"("}},"sourceStats":{"recordCount":)").Number(count) << ".0}}}";
  out.EndLine();
}

}  // namespace

bool KnownSet(std::string_view set) { return set == "small" || set == "medium" || set == "large"; }

void WriteMessages(const Messages& messages, const std::function<void(std::string_view)>& write) {
  void (*const data)(Output&, Random&, uint64_t) = messages.set == "small"    ? SmallData
                                                   : messages.set == "medium" ? MediumData
                                                                              : LargeData;
  Random random(messages.seed);
  Output out(write);
  std::vector<std::string> names, heads;
  for (uint64_t i = 0; i < messages.streams; ++i) {
    names.push_back(StreamName(messages, i));
    heads.push_back(R"({"type":"RECORD","record":{"stream":")" + names.back() + R"(","data":)");
  }
  std::vector<uint64_t> since_state(messages.streams);
  for (uint64_t id = 1; id <= messages.records; ++id) {
    const size_t stream = messages.streams == 1 ? 0 : random.Below(static_cast<uint32_t>(messages.streams));
    out << heads[stream];
    data(out, random, id);
    (out << ",\"emitted_at\":").Number(1700000000000 + id / 8) << "}}";
    out.EndLine();
    ++since_state[stream];
    if (messages.state_every > 0 && id % messages.state_every == 0) {
      WriteState(out, names[stream], id, since_state[stream]);
      since_state[stream] = 0;
    }
  }
  for (size_t i = 0; i < names.size(); ++i) {
    WriteState(out, names[i], messages.records, since_state[i]);
    out << R"({"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1700000000000.0,"stream_status":)"
        << R"({"stream_descriptor":{"name":")" << names[i] << R"("},"status":"COMPLETE"}}})";
    out.EndLine();
  }
}

std::string CatalogOf(const Messages& messages) {
  std::string out = R"({"streams":[)";
  for (uint64_t i = 0; i < messages.streams; ++i) {
    out += (i > 0 ? "," : "");
    out += R"({"stream":{"name":")" + StreamName(messages, i) +
           R"(","json_schema":{"type":"object","properties":{}},)"
           R"("supported_sync_modes":["full_refresh","incremental"]},"sync_mode":"incremental",)"
           R"("destination_sync_mode":"append","cursor_field":[],"primary_key":[]})";
  }
  return out + "]}\n";
}

}  // namespace bench
