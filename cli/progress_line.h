#pragma once
// Idea: shows how far the process is, from its start on and whatever the rest of it is doing.
// Source: own.
// Guarantees: whoever works never waits for a terminal or for a reader.
#include "cli/announcer.h"
#include "cli/console.h"

namespace clipbound::cli {

/// Starts a thread that shows what the announcer has seen, some times a second, on the console's
/// terminal, and as lines "seconds worst-bound settled subproblems open" on the file descriptor
/// (-1: none). Starts none where nobody looks. To be called once per process; both references must
/// live until the process ends.
void show_progress(const Announcer& announcer, Console& console, int descriptor);

}  // namespace clipbound::cli
