#include "simulation/standard_streams.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace ddb::simulation {
namespace {

using std::chrono::milliseconds;

// A piece for each byte of a long input would be all that a run is about.
constexpr size_t kMostPieces = 500;

void MakePipe(int (&fd)[2]) {
  if (pipe2(fd, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
}
void Close(int& fd) {
  if (fd >= 0) close(fd);
  fd = -1;
}
}  // namespace

StandardStreams::StandardStreams(const Plan& plan, const Input& input, Judge& judge, Scheduler& scheduler)
    : plan_(plan), input_(input), judge_(judge), scheduler_(scheduler), pieces_(plan.seed, Draw::kInput) {
  MakePipe(in_);
  MakePipe(out_);
  MakePipe(signals_);
  fcntl(in_[1], F_SETFL, O_NONBLOCK);
  fcntl(out_[0], F_SETFL, O_NONBLOCK);
  scheduler_.At(scheduler_.Now(), [this] { Feed(); });
  if (plan.reader_closes_s >= 0) {
    scheduler_.At(scheduler_.Now() + FromSeconds(plan.reader_closes_s), [this] {
      judge_.OnReaderClosed();
      Close(out_[0]);
    });
  }
  if (plan.signal_s >= 0) {
    scheduler_.At(scheduler_.Now() + FromSeconds(plan.signal_s), [this] {
      judge_.OnSignal();
      static_cast<void>(!write(signals_[1], "!", 1));
    });
  }
}

StandardStreams::~StandardStreams() {
  for (int* fd : {&in_[0], &in_[1], &out_[0], &out_[1], &signals_[0], &signals_[1]}) Close(*fd);
}

void StandardStreams::CloseInput() { Close(in_[1]); }

void StandardStreams::Feed() {
  if (in_[1] < 0) return;
  if (pauses_ < input_.pauses.size() && input_.pauses[pauses_].first <= fed_) {
    scheduler_.At(scheduler_.Now() + input_.pauses[pauses_++].second, [this] { Feed(); });
    return;
  }
  const size_t end = pauses_ < input_.pauses.size() ? input_.pauses[pauses_].first : input_.text.size();
  if (fed_ == input_.text.size()) return CloseInput();
  const size_t most = std::max<size_t>(plan_.piece_bytes, input_.text.size() / kMostPieces + 1);
  const size_t piece = std::min(end - fed_, 1 + pieces_.Below(most));
  const ssize_t n = write(in_[1], input_.text.data() + fed_, piece);
  if (n < 0 && errno != EAGAIN) return CloseInput();  // nobody reads it any more
  fed_ += static_cast<size_t>(std::max<ssize_t>(n, 0));
  const Duration pause = n < 0 ? Duration(milliseconds(1))
                         : plan_.input_bytes_per_s > 0
                             ? FromSeconds(static_cast<double>(n) / plan_.input_bytes_per_s)
                             : Duration{};
  scheduler_.At(scheduler_.Now() + pause, [this] { Feed(); });
}

double StandardStreams::FedWithin(const Plan& plan, const Input& input) {
  double seconds = 0;
  for (const auto& [at, pause] : input.pauses) seconds += std::chrono::duration<double>(pause).count();
  if (plan.input_bytes_per_s > 0) seconds += static_cast<double>(input.text.size()) / plan.input_bytes_per_s;
  return seconds;
}

bool StandardStreams::ReaderStalls() const {
  const double now = scheduler_.Seconds();
  return std::any_of(plan_.reader_stalls.begin(), plan_.reader_stalls.end(),
                     [now](const Spell& spell) { return spell.from <= now && now < spell.to; });
}

void StandardStreams::Read() {
  if (!ReaderStalls()) ReadAll();
}

void StandardStreams::ReadAll() {
  if (out_[0] < 0) return;
  char bytes[64 * 1024];
  for (ssize_t n; (n = read(out_[0], bytes, sizeof bytes)) > 0;)
    judge_.OnOutput({bytes, static_cast<size_t>(n)});
}

}  // namespace ddb::simulation
