#include "cli/progress_line.h"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <limits>
#include <thread>

namespace clipbound::cli {
namespace {

/// A line for the program that watches this one (`suite run`). It is dropped where nobody reads
/// fast enough.
void tell(int descriptor, const Progress& progress) {
  char line[200];
  const double worst = progress.worst_bound.value_or(std::numeric_limits<double>::quiet_NaN());
  const int length =
      std::snprintf(line, sizeof line, "%.3f %.9g %.9g %llu %llu\n", progress.elapsed_s, worst,
                    progress.settled_share, static_cast<unsigned long long>(progress.subproblems),
                    static_cast<unsigned long long>(progress.open.value_or(0)));
  [[maybe_unused]] const ssize_t count =
      ::write(descriptor, line, static_cast<std::size_t>(length));
}

}  // namespace

void show_progress(const Announcer& announcer, Console& console, int descriptor) {
  if (!console.is_terminal() && descriptor < 0) return;
  if (descriptor >= 0) ::fcntl(descriptor, F_SETFL, O_WRONLY | O_NONBLOCK);
  std::thread([&announcer, &console, descriptor] {
    for (;;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(150));
      const Progress progress = announcer.seen();
      if (descriptor >= 0) tell(descriptor, progress);
      console.progress(progress);
    }
  }).detach();
}

}  // namespace clipbound::cli
