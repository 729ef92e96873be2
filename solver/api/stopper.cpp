// Idea: a Stopper ends solves from other threads and from signal handlers.
// Source: own.
// Guarantees: stop() takes no lock and allocates nothing.
#include "solver/api/implementation.h"

namespace clipbound {

Stopper::Stopper() : implementation_(std::make_shared<Implementation>()) {}

void Stopper::stop() const noexcept {
  implementation_->stopped.store(true, std::memory_order_relaxed);
  std::atomic_thread_fence(std::memory_order_seq_cst);
  for (auto* entry = implementation_->first.load(std::memory_order_acquire); entry != nullptr;
       entry = entry->next) {
    entry->deadline.interrupt();
  }
}

bool Stopper::stopped() const noexcept {
  return implementation_->stopped.load(std::memory_order_relaxed);
}

}  // namespace clipbound
