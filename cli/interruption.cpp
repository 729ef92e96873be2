#include "cli/interruption.h"

#include <signal.h>

#include <csignal>
#include <cstdio>

namespace clipbound::cli {

namespace {

const Stopper* stopper_of_handler = nullptr;  // a signal handler has no other way to its data
volatile std::sig_atomic_t received_signal = 0;
extern "C" void stop_on_signal(int signal) {
  received_signal = signal;
  ::signal(SIGINT, SIG_DFL);
  ::signal(SIGTERM, SIG_DFL);
  stopper_of_handler->stop();
}

}  // namespace

Interruption::Interruption() {
  stopper_of_handler = &stopper_;
  ::signal(SIGINT, stop_on_signal);
  ::signal(SIGTERM, stop_on_signal);
}

Interruption::~Interruption() {
  ::signal(SIGINT, SIG_DFL);
  ::signal(SIGTERM, SIG_DFL);
}

void pass_on_signal() {
  std::fflush(stdout);
  if (received_signal != 0) ::raise(received_signal);
}

}  // namespace clipbound::cli
