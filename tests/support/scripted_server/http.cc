#include "scripted_server/http.h"

#include <zlib.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstring>
#include <ctime>
#include <thread>

namespace scripted {
namespace {

std::string Lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c); });
  return out;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string_view Reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 413:
      return "Request Entity Too Large";
    case 500:
      return "Internal Server Error";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    default:
      return "Other";
  }
}

std::string Chunked(std::string_view body) {
  std::string out;
  // Odd sizes, so that chunk borders fall inside names and numbers.
  for (size_t piece = 7; !body.empty(); piece = piece * 3 + 1) {
    std::string_view part = body.substr(0, piece);
    char size[32];
    auto end = std::to_chars(size, size + sizeof size, part.size(), 16).ptr;
    out.append(size, end).append("\r\n").append(part).append("\r\n");
    body.remove_prefix(part.size());
  }
  return out + "0\r\n\r\n";
}

// By zlib: "gzip", or "deflate" (zlib's own format).
std::string Packed(const std::string& body, const std::string& encoding) {
  z_stream stream{};
  const int format = encoding == "gzip" ? MAX_WBITS + 16 : MAX_WBITS;
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, format, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    return "";
  std::string out(deflateBound(&stream, body.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace

std::string HttpDate(int64_t unix_seconds) {
  time_t seconds = unix_seconds;
  tm parts{};
  gmtime_r(&seconds, &parts);
  char text[64];
  strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text;
}

std::string_view HttpRequest::Header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

int HttpRequest::CountHeader(std::string_view name) const {
  return static_cast<int>(std::count_if(headers.begin(), headers.end(),
                                        [&](const auto& header) { return header.first == name; }));
}

bool HttpConnection::ParseHead(std::string_view head, HttpRequest& request) {
  size_t eol = head.find("\r\n");
  std::string_view line = head.substr(0, eol);
  size_t first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return false;
  request.method = line.substr(0, first);
  request.target = line.substr(first + 1, last - first - 1);
  request.version = line.substr(last + 1);
  size_t question = request.target.find('?');
  request.path = request.target.substr(0, question);
  if (question != std::string::npos) request.query = request.target.substr(question + 1);
  while (eol != std::string_view::npos) {
    head.remove_prefix(eol + 2);
    eol = head.find("\r\n");
    line = head.substr(0, eol);
    if (line.empty()) break;
    size_t colon = line.find(':');
    if (colon == std::string_view::npos) return false;
    request.headers.emplace_back(Lower(line.substr(0, colon)), Trim(line.substr(colon + 1)));
  }
  std::string_view length = request.Header("content-length");
  auto end = length.data() + length.size();
  return length.empty() || std::from_chars(length.data(), end, request.content_length).ptr == end;
}

HttpResult HttpConnection::ReadHead(HttpRequest& request, int idle_ms, size_t max_head_bytes) {
  request = HttpRequest();
  size_t end;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (buffer_.size() > max_head_bytes) return HttpResult::kBad;
    switch (stream_.Read(buffer_, idle_ms)) {
      case ReadResult::kData:
        break;
      case ReadResult::kTimeout:
        return buffer_.empty() ? HttpResult::kIdle : HttpResult::kBad;
      case ReadResult::kEnd:
        return buffer_.empty() ? HttpResult::kClosed : HttpResult::kBad;
    }
  }
  request.head_bytes = end + 4;
  bool ok = request.head_bytes <= max_head_bytes &&
            ParseHead(std::string_view(buffer_).substr(0, end + 2), request);
  buffer_.erase(0, end + 4);
  if (ok && request.Header("expect") == "100-continue") ok = stream_.Write("HTTP/1.1 100 Continue\r\n\r\n");
  return ok ? HttpResult::kOk : HttpResult::kBad;
}

bool HttpConnection::ReadBody(HttpRequest& request, size_t size) {
  while (buffer_.size() < size) {
    if (stream_.Read(buffer_, -1) != ReadResult::kData) return false;
  }
  request.body.append(buffer_, 0, size);
  buffer_.erase(0, size);
  return true;
}

bool HttpConnection::WriteReply(const Reply& reply, int64_t clock_offset_s) {
  const ReplyFaults& faults = reply.faults;
  std::string bytes = faults.raw;
  size_t end = bytes.size();
  if (bytes.empty()) {
    bytes = "HTTP/1.1 " + std::to_string(reply.status) + " " + std::string(Reason(reply.status)) + "\r\n";
    auto add = [&](std::string_view name, std::string_view value) {
      bytes.append(name).append(": ").append(value).append("\r\n");
    };
    add("Server", "Server");
    add("Date", HttpDate(time(nullptr) + clock_offset_s));
    if (!reply.content_type.empty()) add("Content-Type", reply.content_type);
    const std::string body = faults.packed.empty() ? reply.body : Packed(reply.body, faults.packed);
    if (!faults.packed.empty()) add("Content-Encoding", faults.packed);
    if (faults.chunked) add("Transfer-Encoding", "chunked");
    using Length = ReplyFaults::Length;
    if (faults.length == Length::kBesideChunks || (faults.length == Length::kRight && !faults.chunked)) {
      add("Content-Length", std::to_string(body.size()));
    }
    add("Connection", faults.connection_close ? "close" : "keep-alive");
    for (const auto& [name, value] : reply.headers) add(name, value);
    if (faults.crc != ReplyFaults::Crc::kMissing) {
      uint32_t crc = static_cast<uint32_t>(
          crc32(0, reinterpret_cast<const Bytef*>(reply.body.data()), static_cast<uInt>(reply.body.size())));
      add("x-amz-crc32", std::to_string(faults.crc == ReplyFaults::Crc::kWrong ? crc ^ 1 : crc));
    }
    for (const std::string& line : faults.headers) bytes.append(line).append("\r\n");
    bytes += "\r\n";
    size_t head = bytes.size();
    bytes += faults.chunked ? Chunked(body) : body;
    end = faults.truncate_at < 0 ? bytes.size()
                                 : std::min(bytes.size(), head + static_cast<size_t>(faults.truncate_at));
  }
  std::string_view rest = std::string_view(bytes).substr(0, end);
  while (!rest.empty()) {
    std::string_view piece = faults.dribble_bytes == 0 ? rest : rest.substr(0, faults.dribble_bytes);
    if (!stream_.Write(piece)) return false;
    rest.remove_prefix(piece.size());
    if (!rest.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(faults.dribble_ms));
  }
  const bool endless = faults.length == ReplyFaults::Length::kMissing && !faults.chunked && !faults.stay_open;
  return !faults.connection_close && !faults.close_after && !endless && faults.truncate_at < 0 &&
         faults.raw.empty();
}

}  // namespace scripted
