#include "base/loop_thread.h"

namespace ddb {

void LoopThread::Start() {
  thread_ = std::thread([this] { loop_.Run(); });
}

void LoopThread::Join() {
  loop_.Stop();
  if (thread_.joinable()) thread_.join();
}

}  // namespace ddb
