// Idea: ends the process with a message where the processor lacks what the build needs, before any
// other code of ours runs.
// Source: own.
// Guarantees: this file is compiled for every x86-64 processor; exit code 3.
#include <unistd.h>

#include <cstring>

#include "cli/command.h"
#include "clipbound/about.h"

namespace clipbound::cli {
namespace {

void say(const char* text) {
  if (write(STDERR_FILENO, text, std::strlen(text)) < 0) return;  // nobody listens
}

/// Before the static objects of all other files.
[[gnu::constructor(101)]] void check_cpu() {
  const char* const missing = missing_cpu_feature();
  if (missing == nullptr) return;
  say("clipbound: this processor has no ");
  say(missing);
  say(", which this build needs (");
  say(needed_cpu_features());
  say("); build it on this machine: cmake --preset native && cmake --build build/native\n");
  _exit(kUnsupported);
}

}  // namespace
}  // namespace clipbound::cli
