#include "pipeline/live_screen.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/environment.h"

namespace ddb {
namespace {

// How long whoever writes to the same terminal waits for it to take what clears it: a terminal that takes
// nothing for longer is stopped, and will not take their lines either.
constexpr int kClearMillis = 100;

constexpr std::string_view kToLineEnd = "\x1b[K";
constexpr std::string_view kToScreenEnd = "\x1b[J";
constexpr std::string_view kAlarm = "\x1b[33m";  // yellow
constexpr std::string_view kNormal = "\x1b[m";

// The cursor stands behind the last of so many lines: to where the first begins.
std::string ToFirstOf(size_t lines) { return lines > 1 ? fmt::format("\r\x1b[{}A", lines - 1) : "\r"; }

// One that was put into the background shares its terminal with whoever is in front.
bool IsInBackground(int fd) {
  const pid_t foreground = tcgetpgrp(fd);
  return foreground > 0 && foreground != getpgrp();
}

}  // namespace

LiveScreen::Look LiveScreen::LookFromEnvironment(bool shared) {
  const std::string term = Environment("TERM");
  const bool moves = !term.empty() && term != "dumb";
  return {.moves = moves, .colors = moves && Environment("NO_COLOR").empty(), .shared = shared};
}

// Asked each time: it may have been resized. What does not say how large it is has what most have.
LiveScreen::Size LiveScreen::size() const {
  Size size;
  winsize told{};
  if (ioctl(fd_, TIOCGWINSZ, &told) != 0) return size;
  if (told.ws_col > 0) size.columns = told.ws_col;
  if (told.ws_row > 0) size.rows = told.ws_row;
  return size;
}

void LiveScreen::Show(std::vector<Line> lines) {
  MutexLock lock(mu_);
  if (ended_) return;
  lines_ = std::move(lines);
  if (!left_ && !IsInBackground(fd_)) Draw();
}

void LiveScreen::End(std::string_view last) {
  MutexLock lock(mu_);
  ended_ = true;
  lines_.clear();
  if (left_) return;
  Clear();
  if (!look_.shared) Send(std::string(last).append("\r\n"));
}

void LiveScreen::Leave() {
  MutexLock lock(mu_);
  left_ = true;
  Clear();
}

void LiveScreen::Return() {
  MutexLock lock(mu_);
  left_ = false;
  if (!lines_.empty() && !IsInBackground(fd_)) Draw();
}

std::string LiveScreen::Painted(const Line& line) const {
  if (!line.alarm || !look_.colors) return line.text;
  return fmt::format("{}{}{}", kAlarm, line.text, kNormal);
}

// A terminal that was made narrower may have broken the lines that stand there, or cut them: that differs.
// What stands above is never touched, so that at worst pieces of what was shown stay.
void LiveScreen::Draw() {
  if (!SendRest()) return;
  if (!look_.moves) {
    std::string line = lines_.empty() ? std::string() : lines_.front().text;
    const size_t shown = line.size();
    line.resize(std::max(shown, widest_), ' ');
    if (Send("\r" + line)) widest_ = shown;
    drawn_ = shown > 0 ? 1 : 0;
    return;
  }
  std::string drawing = ToFirstOf(drawn_);
  for (size_t i = 0; i < lines_.size(); ++i) {
    drawing.append(i > 0 ? "\r\n" : "").append(Painted(lines_[i])).append(kToLineEnd);
  }
  drawing += kToScreenEnd;
  if (Send(drawing)) drawn_ = lines_.size();
}

void LiveScreen::Clear() {
  if (drawn_ > 0) {
    rest_ += look_.moves ? ToFirstOf(drawn_).append(kToScreenEnd) : "\r" + std::string(widest_, ' ') + "\r";
    drawn_ = widest_ = 0;
  }
  pollfd ask{fd_, POLLOUT, 0};
  while (!SendRest()) {
    if (poll(&ask, 1, kClearMillis) > 0 && (ask.revents & POLLOUT) != 0) continue;
    rest_.clear();  // it would come too late, and clear what others write
    return;
  }
}

// Whether it was taken, as a whole or in part; then the rest comes before anything else.
bool LiveScreen::Send(std::string_view bytes) {
  ssize_t taken = -1;
  do {
    taken = ::write(fd_, bytes.data(), bytes.size());
  } while (taken < 0 && errno == EINTR);
  if (taken < 0) return errno != EAGAIN && errno != EWOULDBLOCK;  // one that is gone needs nothing more
  rest_.assign(bytes.substr(static_cast<size_t>(taken)));
  return true;
}

bool LiveScreen::SendRest() {
  if (rest_.empty()) return true;
  const std::string rest = std::exchange(rest_, {});
  if (!Send(rest)) rest_ = rest;
  return rest_.empty();
}

}  // namespace ddb
