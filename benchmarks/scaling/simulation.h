#pragma once
// Idea: one tree searched by many ranks, simulated event by event: each rank has the balancer of
// the program itself (solver/balance), a stack of open nodes and a clock; between them lies a
// network of a latency and a bandwidth.
// Source: discrete-event simulation, Fujimoto, "Parallel discrete event simulation", CACM 1990
// (sequential here).
// Guarantees: every node of the tree is searched exactly once, or the simulation says that it was
// not (Outcome::nodes). The same settings give the same figures.
// What is modelled: a rank is a thread that bounds a batch of up to `lanes` nodes, youngest first,
// which takes as long however full it is, and one that talks, which looks for messages every poll_s
// and whenever a batch has ended (solver/ranks). Between two batches every second node of the stack
// is given, oldest first, dealt out by solver::deal. All roots of a tree are rank 0's at the
// beginning, after the time of the root, in which the others wait.
// What is not: contention in the network, jitter of machines, threads inside of a rank (which share
// one stack and so have less to wait for), and what a subproblem learns from another.
#include <cstdint>
#include <vector>

#include "benchmarks/scaling/tree.h"
#include "solver/balance/balancer.h"

namespace clipbound::scaling {

struct Machine {
  int ranks = 1;
  double latency_s = 5e-6;        ///< from send to arrival, of an empty message
  double bandwidth = 10e9;        ///< bytes per second
  double message_s = 1e-6;        ///< what sending or receiving one costs the thread that talks
  double poll_s = 1e-3;           ///< an idle rank looks for messages so often
  double bytes_per_node = 300.0;  ///< of a subproblem in a portion
  double first_bytes = 0.0;       ///< what a rank needs once before it can begin (root bounds)
  solver::BalanceSettings balance;
};

/// Seconds, those of all ranks added up where it says so. They account for all of it:
/// ranks * total_s = ranks * root_s + full_s + partial_s + first_s + wait_s + end_s.
struct Outcome {
  double total_s = 0.0;    ///< until the last rank knows that it is over
  double root_s = 0.0;     ///< before the search
  double full_s = 0.0;     ///< all ranks: batches, as far as their lanes were full
  double partial_s = 0.0;  ///< all ranks: lanes without a node
  double first_s = 0.0;    ///< all ranks: before the first batch
  double wait_s = 0.0;     ///< all ranks: without work, afterwards
  double end_s = 0.0;      ///< all ranks: after the last batch of all
  std::uint64_t nodes = 0, batches = 0, messages = 0, portions = 0;
};

Outcome simulate(const Tree& tree, const Timing& timing, const Machine& machine);

}  // namespace clipbound::scaling
