#pragma once
// Idea: Ctrl-C and SIGTERM end a command with what it knows by then.
// Source: POSIX signals.
// Guarantees: a second signal ends the process at once.
#include "clipbound/clipbound.h"

namespace clipbound::cli {

/// While it lives, the first SIGINT or SIGTERM stops its stopper. One at a time.
class Interruption {
 public:
  Interruption();
  ~Interruption();
  Interruption(const Interruption&) = delete;
  Interruption& operator=(const Interruption&) = delete;
  const Stopper& stopper() const { return stopper_; }

 private:
  const Stopper stopper_;
};

/// Ends the process by the signal that came, if one came: as if it had not been caught, so that a
/// shell's loop ends too. Flushes stdout before.
void pass_on_signal();

}  // namespace clipbound::cli
