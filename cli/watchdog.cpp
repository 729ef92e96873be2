#include "cli/watchdog.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <system_error>
#include <thread>

namespace clipbound::cli {
namespace {

using Clock = std::chrono::steady_clock;

// A signal handler has no other way to its data.
const Stopper* stopper_of_handler = nullptr;
Announcer* announcer_of_handler = nullptr;
int wake_descriptor = -1;
bool writes_checkpoints = false;

extern "C" void on_signal(int signal) {
  const int saved = errno;
  // The next signal of either kind kills, but while a checkpoint is on its way.
  ::signal(SIGINT, SIG_DFL);
  ::signal(SIGTERM, writes_checkpoints ? SIG_IGN : SIG_DFL);
  if (writes_checkpoints) ::signal(SIGUSR1, SIG_IGN);
  announcer_of_handler->received(signal);
  stopper_of_handler->stop();
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t count = ::write(wake_descriptor, &one, sizeof one);
  errno = saved;
}

/// Waits until `moment` (max: for ever) or until a signal came; true for the latter.
bool wait_for_signal(Clock::time_point moment) {
  for (;;) {
    timespec left{};
    const bool endless = moment == Clock::time_point::max();
    if (!endless) {
      const auto nanoseconds =
          std::chrono::duration_cast<std::chrono::nanoseconds>(moment - Clock::now()).count();
      if (nanoseconds <= 0) return false;
      left = {.tv_sec = nanoseconds / 1'000'000'000, .tv_nsec = nanoseconds % 1'000'000'000};
    }
    pollfd wake{.fd = wake_descriptor, .events = POLLIN, .revents = 0};
    const int ready = ::ppoll(&wake, 1, endless ? nullptr : &left, nullptr);
    if (ready > 0) return true;
  }
}

/// Of one processor's time this process got less than it could use where others wanted it too: how
/// many times as long everything takes, 1 to 4.
double load_factor(Clock::time_point start) {
  timespec used{};
  if (::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used) != 0) return 1.0;
  const double cpu_s = static_cast<double>(used.tv_sec) + 1e-9 * static_cast<double>(used.tv_nsec),
               wall_s = std::chrono::duration<double>(Clock::now() - start).count();
  constexpr double kMost = 4.0;
  return cpu_s * kMost <= wall_s ? kMost : std::max(1.0, wall_s / cpu_s);
}

/// How long the kernel will take to take back this process's memory, which belongs to its time too
/// (decision 41).
Clock::duration teardown_time(Clock::time_point start) {
  constexpr double kSecondsPerByte = 8e-11;
  long pages = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%*d %ld", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  const double bytes = static_cast<double>(pages) * static_cast<double>(::sysconf(_SC_PAGESIZE));
  return std::chrono::duration_cast<Clock::duration>(
      std::chrono::duration<double>(std::min(1.0, load_factor(start) * kSecondsPerByte * bytes)));
}

/// Waits until the process has to begin to end, or for a signal; true for the latter. `limit`
/// becomes that moment. Where processors are wanted by others, threads are woken late, this one
/// too: as late as it was before the limit it is taken to be at the limit (decision 46).
/// The threads that work have to be given a processor once more before they are gone.
bool wait_for_end(Clock::time_point start, Clock::time_point& limit) {
  constexpr auto kWatched = std::chrono::seconds(2);
  constexpr auto kLatest = std::chrono::milliseconds(500), kSlice = std::chrono::milliseconds(25);
  constexpr int kPartOfLimit = 25;
  constexpr double kLastTurn_s = 0.04;  // of a thread, where others want its processor
  if (limit == Clock::time_point::max()) return wait_for_signal(limit);
  if (wait_for_signal(limit - kWatched)) return true;
  const Clock::duration most = std::min<Clock::duration>(kLatest, (limit - start) / kPartOfLimit);
  Clock::duration late{0};
  for (;;) {
    const auto last_turn = std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(kLastTurn_s * (load_factor(start) - 1.0)));
    const Clock::time_point end = limit - teardown_time(start) - std::min(most, late + last_turn),
                            now = Clock::now();
    if (now >= end) {
      limit = end;
      return false;
    }
    const Clock::time_point next = std::min<Clock::time_point>(now + kSlice, end);
    if (wait_for_signal(next)) return true;
    late = std::max(late, std::min<Clock::duration>(most, Clock::now() - next));
  }
}

void watch(Announcer& announcer, Clock::time_point start, Clock::time_point limit) {
  if (!wait_for_end(start, limit)) announcer.give_up(Verdict::timeout, "out of time");
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t size = ::read(wake_descriptor, &count, sizeof count);
  // Batch systems wait for some 30 seconds before they kill.
  constexpr auto kGrace = std::chrono::seconds(1), kLongGrace = std::chrono::seconds(20);
  const auto patience = Clock::now() + (writes_checkpoints ? kLongGrace : kGrace);
  if (limit < patience) {
    wait_for_signal(limit);
    announcer.give_up(Verdict::timeout, "out of time");
  }
  wait_for_signal(patience);
  announcer.give_up(Verdict::unknown, "interrupted");
}

}  // namespace

void start_watchdog(Announcer& announcer, const Stopper& stopper, Clock::time_point start,
                    Clock::time_point limit, bool checkpoints) {
  writes_checkpoints = checkpoints;
  stopper_of_handler = &stopper;
  announcer_of_handler = &announcer;
  wake_descriptor = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (wake_descriptor < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  if (checkpoints) ::sigaction(SIGUSR1, &action, nullptr);
  // A reader that went away must not keep the result file from being written.
  ::signal(SIGPIPE, SIG_IGN);
  std::thread([&announcer, start, limit] { watch(announcer, start, limit); }).detach();
}

}  // namespace clipbound::cli
