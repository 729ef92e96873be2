// Hunts for wrong verdicts and violated bounds on random small networks with planted
// counterexamples.
//
//   hunt [--seeds FILE] [--seed 1|today] [--count N] [--minutes M] [--seconds 0.1] [--shrink 3000]
//        [--verbose]
//   hunt --cover N        which of the first N seeds have all operators between them, as lines of
//                         a file for --seeds
//
// First come the seeds of the file, all of them, then --count networks from --seed on (default:
// 1000, without end where --minutes are given). `--seed today` differs from day to day, for CI.
// Every network follows from its seed: a finding is tried again with its seed and --count 1. What
// is found is made as small as --shrink tries make it and printed as code for a test. --seconds is
// the time limit of each search. Exits with 1 where something was found, with 2 for wrong usage.
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <limits>
#include <set>

#include "base/blas.h"
#include "base/deadline.h"
#include "base/error.h"
#include "specs/network/op_table.h"
#include "tests/hunt/attempt.h"
#include "tests/hunt/shrink.h"
#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

struct Arguments {
  std::string seeds;
  std::uint64_t seed = 1, cover = 0;
  std::optional<std::uint64_t> count;
  double minutes = 1e9;
  int shrink = 3000;
  AttemptOptions options;
};

/// The same number all day, far from that of the next day.
std::uint64_t seed_of_today() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return 1'000'000 * static_cast<std::uint64_t>(now / std::chrono::hours(24));
}

Arguments read(int argc, char** argv) {
  Arguments arguments;
  for (int k = 1; k < argc; ++k) {
    const std::string name = argv[k];
    if (name == "--verbose") {
      arguments.options.verbose = true;
      continue;
    }
    if (++k == argc) throw InputError(name + " lacks its value");
    const std::string value = argv[k];
    if (name == "--seeds") {
      arguments.seeds = value;
    } else if (name == "--seed") {
      arguments.seed = value == "today" ? seed_of_today() : std::stoull(value);
    } else if (name == "--count") {
      arguments.count = std::stoull(value);
    } else if (name == "--minutes") {
      arguments.minutes = std::stod(value);
    } else if (name == "--seconds") {
      arguments.options.seconds = std::stod(value);
    } else if (name == "--shrink") {
      arguments.shrink = std::stoi(value);
    } else if (name == "--cover") {
      arguments.cover = std::stoull(value);
    } else {
      throw InputError("unknown option " + name);
    }
  }
  return arguments;
}

std::vector<std::uint64_t> read_seeds(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw InputError("cannot read " + path);
  std::vector<std::uint64_t> seeds;
  for (std::string line; std::getline(file, line);) {
    line = line.substr(0, line.find('#'));
    if (line.find_first_not_of(" \t\r") != std::string::npos) seeds.push_back(std::stoull(line));
  }
  return seeds;
}

class Hunt {
 public:
  explicit Hunt(const Arguments& arguments) : arguments_(arguments) {}

  int run() {
    if (!arguments_.seeds.empty()) {
      for (const std::uint64_t seed : read_seeds(arguments_.seeds)) attempt(seed);
      report("seeds of " + arguments_.seeds);
    }
    const bool endless = arguments_.minutes < 1e9;
    const std::uint64_t count =
        arguments_.count.value_or(endless ? std::numeric_limits<std::uint64_t>::max() : 1000);
    // The minutes are those after the seeds of the file.
    const Deadline deadline(Deadline::Clock::now(), 60.0 * arguments_.minutes, 0.0);
    std::uint64_t done = 0;
    for (; done < count && !deadline.expired(); ++done) attempt(arguments_.seed + done);
    if (done > 0)
      report("seeds " + std::to_string(arguments_.seed) + " to " +
             std::to_string(arguments_.seed + done - 1));
    return found_ > 0 ? 1 : 0;
  }

 private:
  void attempt(std::uint64_t seed) {
    try {
      const std::optional<Finding> finding = try_seed(seed, arguments_.options, tally_);
      if (finding) tell(seed, *finding);
    } catch (const Refused& error) {
      ++refused_;  // operators that do not fit
      if (arguments_.options.verbose)
        std::printf("seed %s: refused: %s\n", std::to_string(seed).c_str(), error.what());
    } catch (const std::exception& error) {
      ++found_;
      std::printf("seed %s: %s\n", std::to_string(seed).c_str(), error.what());
    }
    std::fflush(stdout);
  }
  void tell(std::uint64_t seed, const Finding& finding) {
    ++found_;
    std::printf("seed %s: %s\n", std::to_string(seed).c_str(), finding.what.c_str());
    std::fflush(stdout);
    const Fails fails = [&](const Planted& planted) {
      return try_again(finding.attempt, planted, arguments_.options);
    };
    if (arguments_.shrink <= 0) return;
    if (fails(finding.attempt.planted).empty()) {
      std::printf("  it does not come again: time, or threads, have a part in it\n");
      return;
    }
    const Shrunk small = shrink(finding.attempt.planted, fails, arguments_.shrink);
    std::printf("  after %d tries: %s\n%s", small.tries, small.what.c_str(),
                describe(small.planted).c_str());
    std::fflush(stdout);
  }
  void report(const std::string& which) const {
    const auto number = [](std::uint64_t n) { return std::to_string(n); };
    std::string text = which + ": " + number(tally_.networks) + " networks (" + number(refused_) +
                       " refused), " + number(tally_.points) + " points, " + number(tally_.lanes) +
                       " lanes, " + number(tally_.solves) + " solves (";
    for (std::size_t v = 0; v < 4; ++v)
      text += (v == 0 ? "" : ", ") + number(tally_.verdicts[v]) + " " +
              name_of(static_cast<Verdict>(v));
    std::printf("%s), %d findings\n", text.c_str(), found_);
    std::fflush(stdout);
  }

  const Arguments& arguments_;
  Tally tally_;
  std::uint64_t refused_ = 0;
  int found_ = 0;
};

/// Prints each of the first seeds whose network has an operator that none before it has.
int cover(std::uint64_t count) {
  std::set<std::string> known;
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    std::string fresh;
    try {
      Dice dice(seed);
      const std::optional<Planted> planted = plant(dice);
      if (!planted) continue;
      for (const Node& node : planted->network->nodes) {
        const std::string name = op_row(node.kind).onnx_name;
        if (known.insert(name).second) fresh += " " + name;
      }
    } catch (const Refused&) {
    }
    if (!fresh.empty()) std::printf("%s  #%s\n", std::to_string(seed).c_str(), fresh.c_str());
  }
  std::string missing;
  for (const OpRow& row : op_table()) {
    if (!known.contains(row.onnx_name)) missing += " " + std::string(row.onnx_name);
  }
  std::printf("# never made:%s\n", missing.c_str());
  return 0;
}

}  // namespace
}  // namespace clipbound::test

int main(int argc, char** argv) {
  using namespace clipbound::test;
  try {
    const Arguments arguments = read(argc, argv);
    clipbound::base::initialise_blas();
    return arguments.cover > 0 ? cover(arguments.cover) : Hunt(arguments).run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "hunt: %s\n", error.what());
    return 2;
  }
}
