// LiveScreen: a few lines at the end of what stands on a terminal, redrawn in place. The terminal may be
// stdout's, too: whoever writes there says so before and after, and what was drawn is cleared meanwhile, so
// that every line of output stays whole.
//
// Nobody waits for a terminal that is stopped (Ctrl-S): what it does not take is left out, or, of a drawing
// that it took the first part of, comes before the next one. Any thread; one short lock.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"

namespace ddb {

class LiveScreen {
 public:
  struct Look {
    bool moves = true;   // it knows the sequences that move the cursor and clear; else one line, written over
    bool colors = true;  // and those of colours
    bool shared = false;  // stdout goes there, too
  };
  // By the environment: TERM, and https://no-color.org .
  static Look LookFromEnvironment(bool shared);

  // `fd`: a terminal, opened so that writing to it does not block. It outlives the screen.
  LiveScreen(int fd, Look look) : fd_(fd), look_(look) {}
  LiveScreen(const LiveScreen&) = delete;
  LiveScreen& operator=(const LiveScreen&) = delete;

  struct Size {
    size_t columns = 80;
    size_t rows = 24;
  };
  Size size() const;  // as it is now
  bool moves() const { return look_.moves; }

  struct Line {
    std::string text;  // shorter than the terminal is wide
    bool alarm = false;
  };
  // In place of what is shown.
  void Show(std::vector<Line> lines);
  // Nothing is shown from here on. What is to stay in the end is said on stdout: `last` is for those who do
  // not see that.
  void End(std::string_view last);

  // Somebody else writes to the terminal, whole lines: from Leave until Return it is theirs.
  void Leave();
  void Return();

 private:
  bool Send(std::string_view bytes) REQUIRES(mu_);
  bool SendRest() REQUIRES(mu_);
  void Draw() REQUIRES(mu_);
  void Clear() REQUIRES(mu_);
  std::string Painted(const Line& line) const;

  const int fd_;
  const Look look_;
  Mutex mu_;
  std::vector<Line> lines_ GUARDED_BY(mu_);  // to be shown
  size_t drawn_ GUARDED_BY(mu_) = 0;         // lines that stand there
  size_t widest_ GUARDED_BY(mu_) = 0;        // bytes of the plain line that stands there
  bool left_ GUARDED_BY(mu_) = false;
  bool ended_ GUARDED_BY(mu_) = false;
  std::string rest_ GUARDED_BY(mu_);  // of a drawing that the terminal took a part of
};

}  // namespace ddb
