#include "solver/search/cuts.h"

#include <algorithm>
#include <new>
#include <utility>

namespace clipbound::solver {

Cuts::Cuts(const Deadline& deadline, StateKeeper& keeper, double every_s, Write write)
    : deadline_(deadline),
      keeper_(keeper),
      every_s_(every_s),
      write_(std::move(write)),
      due_s_(next_after(deadline.elapsed_s())) {}

double Cuts::next_after(double now_s) const {
  return std::max(now_s + every_s_, (cost_s_ + last_cost_s_) / kMostShare);
}

bool Cuts::is_due() noexcept {
  if (!write_) return false;
  const double now = deadline_.elapsed_s();
  if (now < due_s_.load(std::memory_order_relaxed)) return false;
  double not_asked = kNotAsked;
  asked_s_.compare_exchange_strong(not_asked, now);
  return true;
}

void Cuts::write_if_due(const Statistics& running) {
  if (!is_due()) return;
  try {
    write_(keeper_.now(), running);
    ++written_;
  } catch (const std::bad_alloc&) {
    // Memory for a copy is not there: the search needs none and goes on.
  }
  const double now = deadline_.elapsed_s();
  last_cost_s_ = now - asked_s_.exchange(kNotAsked);
  cost_s_ += last_cost_s_;
  due_s_.store(next_after(now), std::memory_order_relaxed);
}

}  // namespace clipbound::solver
