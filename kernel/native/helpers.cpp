#include "helpers.h"

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <system_error>
#include <thread>
#if defined(__linux__)
#include <sched.h>
#endif
#include <unistd.h>

namespace towerline {

constexpr int kMostHelpers = 3, kPatience = 2000;  // looks around before it sleeps: some 50 microseconds

static std::atomic<int> wanted{-1};

static int num_helpers() {
  if (wanted >= 0) return wanted;
  int cores = int(std::thread::hardware_concurrency());
#if defined(__linux__)
  cpu_set_t allowed;  // those that the process may use
  if (!sched_getaffinity(0, sizeof allowed, &allowed)) cores = CPU_COUNT(&allowed);
#endif
  return std::min(std::max(cores - 1, 0), kMostHelpers);
}

static void pause() {
#if defined(__SSE__)
  _mm_pause();
#endif
}

class Helpers {
 public:
  std::atomic<int> lists{0};
  const pid_t process = getpid();

  void share(int64_t pieces, void (*work)(const void*, int64_t), const void* of) {
    if (lists != 1 || pieces < 2 || !start()) {
      for (int64_t piece = 0; piece < pieces; ++piece) work(of, piece);
      return;
    }
    {
      std::lock_guard<std::mutex> lock(mutex_);
      pieces_ = pieces, work_ = work, of_ = of, next_ = 0, open_ = true, ++turn_;
    }
    wake_.notify_all();
    for (int64_t piece = next_++; piece < pieces; piece = next_++) work(of, piece);
    { std::lock_guard<std::mutex> lock(mutex_); open_ = false; }
    for (int look = 0; inside_ && look < kPatience; ++look) pause();
    std::unique_lock<std::mutex> lock(mutex_);
    done_.wait(lock, [this] { return !inside_; });
  }

 private:
  bool start() {  // by the only list, so that nobody else does
    const int count = num_helpers();
    try {
      while (started_ < count) std::thread(&Helpers::help, this).detach(), ++started_;
    } catch (const std::system_error&) {
      return started_ > 0;  // the system has no more threads
    }
    return count > 0;
  }

  void help() {
    sigset_t all;  // signals are for the threads of the program
    sigfillset(&all), pthread_sigmask(SIG_BLOCK, &all, nullptr);
    FlushedToZero flushed;
    unsigned seen = 0;
    for (;;) {
      for (int look = 0; turn_ == seen && look < kPatience; ++look) pause();
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [&] { return turn_ != seen; });
      seen = turn_;
      if (!open_) continue;
      ++inside_;
      const int64_t pieces = pieces_;
      const auto work = work_;
      const void* const of = of_;
      lock.unlock();
      // Another list has begun meanwhile: the cores are for the two.
      while (lists == 1) {
        const int64_t piece = next_++;
        if (piece >= pieces) break;
        work(of, piece);
      }
      lock.lock();
      if (!--inside_) done_.notify_one();
    }
  }

  std::mutex mutex_;
  std::condition_variable wake_, done_;
  std::atomic<int64_t> next_{0};
  std::atomic<unsigned> turn_{0};
  std::atomic<int> inside_{0};
  bool open_ = false;
  int started_ = 0;
  int64_t pieces_ = 0;
  void (*work_)(const void*, int64_t) = nullptr;
  const void* of_ = nullptr;
};

// Those of this process: a fork takes no threads along, and perhaps a mutex that is locked for ever, so that
// what it brought is left where it is. They are never taken down, since threads wait there until the end.
static Helpers& helpers() {
  static std::atomic<Helpers*> current{nullptr};
  Helpers* found = current;
  if (found && found->process == getpid()) return *found;
  auto* fresh = new Helpers();
  if (current.compare_exchange_strong(found, fresh)) return *fresh;
  delete fresh;
  return *found;
}

InProgress::InProgress() { ++helpers().lists; }
InProgress::~InProgress() { --helpers().lists; }

void set_helpers(int32_t count) { wanted = count; }

void share(int64_t pieces, void (*work)(const void*, int64_t), const void* of) { helpers().share(pieces, work, of); }

}  // namespace towerline
