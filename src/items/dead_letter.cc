#include "items/dead_letter.h"

#include <openssl/evp.h>
#include <zlib.h>

#include <algorithm>
#include <new>

#include "items/item_text.h"
#include "json/escape.h"
#include "json/utf8.h"

namespace ddb {
namespace {

std::string Escaped(std::string_view text) {
  std::string out;
  json::AppendEscaped(text, out);
  return out;
}

std::string Gzip(std::string_view text) {
  z_stream stream = {};
  constexpr int kGzipWindow = 15 + 16;
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();  // the only way it can fail with these arguments
  }
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);  // one call: the output has room for all
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string Base64(std::string_view bytes) {
  std::string out((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int length =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                      reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  out.resize(static_cast<size_t>(length));
  return out;
}

std::string Uuid(UuidSource& uuids) {
  std::string id(kUuidLength, '\0');
  uuids.Write(id.data());
  return id;
}

}  // namespace

std::vector<std::string> DeadLetterItems(const DeadLetter& letter, UuidSource& uuids) {
  const std::string_view record = letter.record;
  const bool as_text =
      record.size() <= kDeadLetterPartBytes && json::ValidUtf8(record.data(), record.data() + record.size());
  const std::string gzip = as_text ? std::string() : Gzip(letter.record);
  const size_t parts = as_text ? 1 : (gzip.size() + kDeadLetterPartBytes - 1) / kDeadLetterPartBytes;
  const std::string letter_id = Uuid(uuids);
  const Layout layout = DeadLetterLayout();
  std::vector<std::string> items;
  for (size_t part = 0; part < parts; ++part) {
    std::string item = "{";
    ItemText text(item);
    text.Name(layout.hash.name).String(Uuid(uuids));
    text.Name(layout.range->name).Number(letter.sync_time_millis);
    text.Name("letter_id").String(letter_id);
    text.Name("stream").String(Escaped(letter.stream.name));
    if (letter.stream.ns) text.Name("namespace").String(Escaped(*letter.stream.ns));
    text.Name("reason").String(Escaped(letter.reason));
    text.Name("rejected_at").Number(letter.rejected_at_millis);
    text.Name("format").String(letter.format);
    text.Name("part").Number(static_cast<int64_t>(part + 1));
    text.Name("parts").Number(static_cast<int64_t>(parts));
    if (as_text) {
      text.Name("record").String(Escaped(letter.record));
    } else {
      const std::string_view bytes =
          std::string_view(gzip).substr(part * kDeadLetterPartBytes, kDeadLetterPartBytes);
      text.Name("record_gzip").Binary(Base64(bytes));
    }
    items.push_back(std::move(item) + "}");
  }
  return items;
}

}  // namespace ddb
