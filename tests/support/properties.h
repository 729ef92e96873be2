#pragma once
// VNN-LIB texts with exact decimals, and solve() with options in one line.
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "base/options.h"
#include "solver/solve.h"
#include "specs/vnnlib/vnnlib.h"
#include "tests/support/exact.h"
#include "tests/support/floors.h"

namespace clipbound::test {

/// x as a decimal, exactly.
inline std::string decimal(double x) {
  char text[1200];
  std::snprintf(text, sizeof text, "%.1080e", x);
  const std::string all = text;
  const std::size_t e = all.find('e');
  std::size_t last = all.find_last_not_of('0', e - 1);
  if (all[last] == '.') ++last;
  return all.substr(0, last + 1) + all.substr(e);
}

struct Property {
  std::vector<double> lower, upper;
  int outputs = 1;
  /// Clauses as VNN-LIB atoms: (<= Y_0 1.5) and so on.
  std::vector<std::vector<std::string>> clauses;

  std::string text() const {
    std::string s;
    for (std::size_t i = 0; i < lower.size(); ++i)
      s += "(declare-const X_" + std::to_string(i) + " Real)\n";
    for (int j = 0; j < outputs; ++j) s += "(declare-const Y_" + std::to_string(j) + " Real)\n";
    for (std::size_t i = 0; i < lower.size(); ++i) {
      const std::string x = "X_" + std::to_string(i);
      s += "(assert (>= " + x + " " + decimal(lower[i]) + "))\n(assert (<= " + x + " " +
           decimal(upper[i]) + "))\n";
    }
    s += "(assert (or";
    for (const auto& clause : clauses) {
      s += "\n  (and";
      for (const std::string& atom : clause) s += " " + atom;
      s += ")";
    }
    return s + "))\n";
  }
};

inline std::string y_at_most(int j, double t) {
  return "(<= Y_" + std::to_string(j) + " " + decimal(t) + ")";
}
inline std::string y_at_least(int j, double t) {
  return "(>= Y_" + std::to_string(j) + " " + decimal(t) + ")";
}

struct Way {
  std::string clipping = "complete", branching = "auto";
  int threads = 1;
  bool attack = false;
  double seconds = HUGE_VAL;
  std::string split = "auto";
  double memory_gb = 0.0;  ///< 0: as the options have it
};
inline std::string name_of(const Way& way) {
  return way.clipping + " " + way.branching + " threads " + std::to_string(way.threads) +
         (way.attack ? " attack" : "") + (way.split == "auto" ? "" : " split " + way.split);
}
inline std::string name_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::sat: return "sat";
    case Verdict::unsat: return "unsat";
    case Verdict::timeout: return "timeout";
    default: return "unknown";
  }
}

inline SolveResult solve_text(std::shared_ptr<const Network> network, const std::string& text,
                              const Way& way) {
  Options options;
  options.clipping = way.clipping;
  options.branching = way.branching;
  options.split = way.split;
  options.threads = way.threads;
  options.attack = way.attack;
  if (way.memory_gb > 0.0) options.memory_limit_gb = way.memory_gb;
  const Deadline deadline(Deadline::Clock::now(), way.seconds, 0.0);
  SolveContext context;
  context.deadline = &deadline;
  const Query query = parse_vnnlib(text, "test.vnnlib");
  return solve(std::move(network), query, options, context);
}

/// What an option may be set to, from its row in base/options.def: a new word is tried by itself.
inline std::vector<std::string> words_of(const char* option) {
  const auto words = find_option(option).words;
  return {words.begin(), words.end()};
}

inline std::vector<Way> all_ways(double seconds) {
  std::vector<Way> ways;
  for (const std::string& clipping : words_of("clipping")) {
    for (const std::string& branching : words_of("branching"))
      ways.push_back({clipping, branching, 1, false, seconds});
  }
  return ways;
}

}  // namespace clipbound::test
