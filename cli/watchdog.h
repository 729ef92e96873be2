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
/// none.
void start_watchdog(Announcer& announcer, const Stopper& stopper,
                    std::chrono::steady_clock::time_point start,
                    std::chrono::steady_clock::time_point limit);

}  // namespace clipbound::cli
