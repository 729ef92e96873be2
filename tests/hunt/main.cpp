// Hunts for wrong verdicts and violated bounds on random small networks with planted
// counterexamples.
//
//   hunt [--seed 1] [--count 1000] [--seconds 0.1] [--minutes 1e9] [--verbose 1]
//
// Every network has its own seed, the first one's being --seed: a finding is tried again with its
// seed and --count 1. --seconds is the time limit of each search. Exits with 1 where something was
// found.
#include <cstdio>

#include "base/blas.h"
#include "base/deadline.h"
#include "specs/network/op_table.h"
#include "tests/hunt/checks.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

struct Arguments {
  std::uint64_t seed = 1, count = 1000;
  double seconds = 0.1, minutes = 1e9;
  bool verbose = false;
};

Arguments read(int argc, char** argv) {
  Arguments arguments;
  for (int k = 1; k + 1 < argc; k += 2) {
    const std::string name = argv[k];
    const double value = std::stod(argv[k + 1]);
    if (name == "--seed") arguments.seed = static_cast<std::uint64_t>(value);
    if (name == "--count") arguments.count = static_cast<std::uint64_t>(value);
    if (name == "--seconds") arguments.seconds = value;
    if (name == "--minutes") arguments.minutes = value;
    if (name == "--verbose") arguments.verbose = value != 0.0;
  }
  return arguments;
}

void describe(const Planted& planted) {
  for (const Node& node : planted.network->nodes) {
    std::printf("    %s(", op_row(node.kind).onnx_name);
    for (const ValueId id : node.inputs)
      std::printf(" %d%s", static_cast<int>(id), planted.network->is_constant(id) ? "c" : "");
    std::printf(" ) -> %d\n", static_cast<int>(node.outputs[0]));
  }
  std::printf("%s\nx =", planted.property.text().c_str());
  for (const double v : planted.x) std::printf(" %.17g", v);
  std::printf("\n");
}

void try_network(std::uint64_t seed, const Arguments& arguments, Tally& tally) {
  Dice dice(seed);
  std::optional<Planted> planted = plant(dice);
  if (!planted) return;
  ++tally.networks;
  for (int part = 0; part < 3; ++part) {
    if (part > 0) planted = near_the_point(dice, *planted);
    if (arguments.verbose) describe(*planted);
    check_layers(dice, *planted, tally);
    check_lanes(dice, *planted, tally);
    check_verdicts(dice, *planted, arguments.seconds, tally);
    check_verdicts(dice, *planted, arguments.seconds, tally);
  }
}

void report(const Tally& tally, std::uint64_t last, std::uint64_t refused, int found) {
  const auto number = [](std::uint64_t n) { return std::to_string(n); };
  std::string text = "seeds up to " + number(last) + ": " + number(tally.networks) + " networks (" +
                     number(refused) + " refused), " + number(tally.points) + " points, " +
                     number(tally.lanes) + " lanes, " + number(tally.solves) + " solves (";
  for (std::size_t v = 0; v < 4; ++v)
    text +=
        (v == 0 ? "" : ", ") + number(tally.verdicts[v]) + " " + name_of(static_cast<Verdict>(v));
  std::printf("%s), %d findings\n", text.c_str(), found);
}

int run(const Arguments& arguments) {
  initialise_blas();
  const Deadline deadline(Deadline::Clock::now(), 60.0 * arguments.minutes, 0.0);
  Tally tally;
  std::uint64_t seed = arguments.seed, refused = 0;
  int found = 0;
  for (; seed < arguments.seed + arguments.count && !deadline.expired(); ++seed) {
    try {
      try_network(seed, arguments, tally);
    } catch (const Refused& error) {
      ++refused;  // operators that do not fit
      if (arguments.verbose)
        std::printf("seed %s: refused: %s\n", std::to_string(seed).c_str(), error.what());
    } catch (const std::exception& error) {
      ++found;
      std::printf("seed %s: %s\n", std::to_string(seed).c_str(), error.what());
      std::fflush(stdout);
    }
  }
  report(tally, seed - 1, refused, found);
  return found > 0 ? 1 : 0;
}

}  // namespace
}  // namespace clipbound::test

int main(int argc, char** argv) {
  return clipbound::test::run(clipbound::test::read(argc, argv));
}
