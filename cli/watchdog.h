#pragma once
// Idea: Signals and the time limit, for everything that does not poll a deadline (reading a huge
// file, say).
// Source: own; POSIX signals.
// Guarantees: the process ends in time whatever its threads do.
#include <chrono>

#include "cli/announcer.h"

namespace clipbound::cli {

/// Installs handlers for SIGINT and SIGTERM (the first stops the search through `stopper`, a second
/// one kills) and starts a thread that, should the process still run then, announces `timeout` at
/// `limit` and `unknown` a second after a signal. To be called once per process; both arguments
/// must live until the process ends. `start`: of the process; `limit`: time_point::max() means
/// none. Where checkpoints are written, SIGUSR1 is one of these signals, batch systems may send
/// SIGTERM and SIGUSR1 again, and there are 20 seconds for the last checkpoint.
void start_watchdog(Announcer& announcer, const Stopper& stopper,
                    std::chrono::steady_clock::time_point start,
                    std::chrono::steady_clock::time_point limit, bool checkpoints);

}  // namespace clipbound::cli
