// Idea: programs may let oneTBB use more threads than there are cores.
// Source: oneTBB's global_control.
// Guarantees: none; it is about speed alone.
#include "base/parallel.h"
#include "solver/api/implementation.h"

namespace clipbound {

struct ThreadAllowance::Implementation {
  explicit Implementation(int threads) : limit(threads) {}
  base::ThreadLimit limit;
};

ThreadAllowance::ThreadAllowance(int threads)
    : implementation_(std::make_unique<Implementation>(threads)) {}
ThreadAllowance::~ThreadAllowance() = default;

}  // namespace clipbound
