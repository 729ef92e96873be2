// Idea: how well one tree is searched by many machines, on paper: simulates the program's own load
// balancing on a recorded or a synthetic tree, for any number of ranks. README.md shows it in use.
// Source: own.
// Guarantees: exit code 4 where a simulated search lost a node.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "base/error.h"
#include "benchmarks/scaling/chart.h"
#include "benchmarks/scaling/simulation.h"

namespace clipbound::scaling {
namespace {

struct Arguments {
  std::string name, trace, draw;
  std::uint64_t nodes = 0;
  double cpu_s = 0.0, batch_us = 0.0, root_s = -1.0, latency_us = 5.0, gigabytes_s = 10.0,
         poll_us = 1000.0, message_us = 1.0, bytes_per_node = 300.0, first_bytes = 0.0;
  int lanes = 0;
  std::vector<int> ranks = {1, 4, 16, 64, 256, 1024, 4096, 16384};
  Machine machine;
};

void declare(CLI::App& app, Arguments& given) {
  app.add_option("--trace", given.trace,
                 "a recording of `clipbound verify --threads 1 --trace FILE`");
  app.add_option("--nodes", given.nodes,
                 "a synthetic tree of so many; with --trace, of that tree's shape and times");
  app.add_option("--name", given.name, "of the curve");
  app.add_option("--cpu-s", given.cpu_s,
                 "seconds that the recorded process computed, where others ran beside it");
  app.add_option("--batch-us", given.batch_us, "time of a batch [the recording's]");
  app.add_option("--lanes", given.lanes, "subproblems of a batch [the recording's]");
  app.add_option("--root-s", given.root_s, "seconds before the search [the recording's]");
  app.add_option("--ranks", given.ranks, "numbers of ranks")->delimiter(',');
  app.add_option("--latency-us", given.latency_us, "[5]");
  app.add_option("--gigabytes-s", given.gigabytes_s, "bandwidth [10]");
  app.add_option("--poll-us", given.poll_us, "a rank looks for messages so often [1000]");
  app.add_option("--message-us", given.message_us, "what a message costs each end [1]");
  app.add_option("--bytes", given.bytes_per_node, "per subproblem that is sent [300]");
  app.add_option("--first-bytes", given.first_bytes, "that each rank needs before it begins [0]");
  solver::BalanceSettings& balance = given.machine.balance;
  app.add_option("--random-asks", balance.random_asks, "of the balancer");
  app.add_option("--patience-s", balance.patience_s, "of the balancer");
  app.add_option("--draw", given.draw, "draw the curves of this file of lines, nothing else");
}

std::string text_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) throw InputError("cannot read " + path);
  return text.str();
}

void print_row(const Arguments& given, const Machine& machine, const Outcome& outcome,
               double alone_s) {
  const double all_s = machine.ranks * outcome.total_s;
  const auto percent = [all_s](double seconds) { return 100.0 * seconds / all_s; };
  std::printf("%s,%d,%.4f,%.6g,%.2f,%.2f,%.2f,%.2f,%.2f,%llu,%llu\n", given.name.c_str(),
              machine.ranks, alone_s / all_s, outcome.total_s,
              percent(machine.ranks * outcome.root_s), percent(outcome.first_s),
              percent(outcome.wait_s), percent(outcome.partial_s), percent(outcome.end_s),
              static_cast<unsigned long long>(outcome.portions),
              static_cast<unsigned long long>(outcome.messages));
  std::fflush(stdout);
}

int run(Arguments& given) {
  if (!given.draw.empty()) {
    std::fputs(draw(read_curves(text_of(given.draw), given.draw)).c_str(), stdout);
    return 0;
  }
  Timing timing;
  Tree tree = Tree::synthetic(std::max<std::uint64_t>(1, given.nodes));
  if (!given.trace.empty()) {
    const suite::TraceFile trace = suite::read_trace(given.trace);
    timing = timing_of(trace, given.cpu_s);
    tree = Tree::recorded(trace);
    if (given.nodes > 0) tree = Tree::synthetic(given.nodes, tree.fractions());
  } else if (given.nodes == 0 || given.batch_us <= 0.0) {
    throw InputError("--trace is needed, or --nodes and --batch-us");
  }
  if (given.batch_us > 0.0) timing.batch_s = 1e-6 * given.batch_us;
  if (given.lanes > 0) timing.lanes = given.lanes;
  if (given.root_s >= 0.0) timing.root_s = given.root_s;
  std::fprintf(stderr, "%llu nodes, batches of %d in %.3g s, root %.3g s, %zu fractions\n",
               static_cast<unsigned long long>(tree.size()), timing.lanes, timing.batch_s,
               timing.root_s, tree.fractions().size());
  Machine machine = given.machine;
  machine.latency_s = 1e-6 * given.latency_us;
  machine.bandwidth = 1e9 * given.gigabytes_s;
  machine.poll_s = 1e-6 * given.poll_us;
  machine.message_s = 1e-6 * given.message_us;
  machine.bytes_per_node = given.bytes_per_node;
  machine.first_bytes = given.first_bytes;
  machine.ranks = 1;
  const double alone_s = simulate(tree, timing, machine).total_s;
  std::puts(
      "name,ranks,efficiency,seconds,root %,first %,wait %,partial %,end %,"
      "portions,messages");
  for (const int ranks : given.ranks) {
    machine.ranks = ranks;
    const Outcome outcome = simulate(tree, timing, machine);
    print_row(given, machine, outcome, alone_s);
    if (outcome.nodes == tree.size()) continue;
    std::fprintf(stderr, "%llu nodes were searched\n",
                 static_cast<unsigned long long>(outcome.nodes));
    return 4;
  }
  return 0;
}

}  // namespace
}  // namespace clipbound::scaling

int main(int count, char** words) {
  CLI::App app(
      "Simulates the load balancing of one tree on many machines; lines of a table on stdout.");
  clipbound::scaling::Arguments given;
  clipbound::scaling::declare(app, given);
  CLI11_PARSE(app, count, words);
  try {
    return clipbound::scaling::run(given);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "scaling: %s\n", error.what());
    return 2;
  }
}
