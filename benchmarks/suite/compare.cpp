#include "benchmarks/suite/compare.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/error.h"

namespace clipbound::suite {
namespace {

bool known(double value) {
  return !std::isnan(value);
}

/// Below a millisecond a ratio measures the clock.
double at_least_a_millisecond(double seconds) {
  return std::max(seconds, 1e-3);
}

template <typename... Values>
std::string format(const char* pattern, Values... values) {
  char text[600];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

std::string side(const ResultRow& row) {
  std::string text = format("%-8s", name_of(row.outcome));
  text += known(row.seconds) ? format("%9.2f s", row.seconds) : std::string(11, ' ');
  return text;
}

std::string line_of(const ResultPair& pair) {
  const ResultRow& row = *pair.first;
  return "  " + side(row) + "  ->  " + side(*pair.second) + "   " + row.suite + "  " + row.onnx +
         "  " + row.vnnlib + (row.repeat > 1 ? format("  (no. %d)", row.repeat) : "") + "\n";
}

std::string list_text(const std::string& title, const std::vector<ResultPair>& pairs,
                      std::size_t longest) {
  std::string text = title + ": " + std::to_string(pairs.size()) + "\n";
  const std::size_t shown = longest == 0 ? pairs.size() : std::min(longest, pairs.size());
  for (std::size_t i = 0; i < shown; ++i) text += line_of(pairs[i]);
  if (shown < pairs.size())
    text += format("  ... and %zu more (--all lists them)\n", pairs.size() - shown);
  return text;
}

struct Times {
  std::vector<ResultPair> pairs;
  double first_s = 0.0, second_s = 0.0, log_ratio = 0.0;
};

Times times_of(const Comparison& comparison) {
  Times times;
  for (const ResultPair& pair : comparison.both) {
    if (!known(pair.first->seconds) || !known(pair.second->seconds)) continue;
    times.pairs.push_back(pair);
    times.first_s += pair.first->seconds;
    times.second_s += pair.second->seconds;
    times.log_ratio += std::log(at_least_a_millisecond(pair.first->seconds) /
                                at_least_a_millisecond(pair.second->seconds));
  }
  return times;
}

std::string times_text(Times times, const std::string& first, const std::string& second) {
  if (times.pairs.empty()) return "";
  const double ratio = std::exp(times.log_ratio / static_cast<double>(times.pairs.size()));
  std::string text = format(
      "times over %zu settled by both: %s %.2f s, %s %.2f s; %s is %.2f times as fast in the "
      "geometric "
      "mean\n",
      times.pairs.size(), first.c_str(), times.first_s, second.c_str(), times.second_s,
      (ratio < 1.0 ? first : second).c_str(), ratio < 1.0 ? 1.0 / ratio : ratio);
  std::sort(times.pairs.begin(), times.pairs.end(), [](const ResultPair& a, const ResultPair& b) {
    return std::abs(a.first->seconds - a.second->seconds) >
           std::abs(b.first->seconds - b.second->seconds);
  });
  times.pairs.resize(std::min<std::size_t>(times.pairs.size(), 5));
  text += "the largest differences:\n";
  for (const ResultPair& pair : times.pairs) text += line_of(pair);
  return text;
}

/// Adds one instance to both sums, where enough is known of it.
void add_par2(const ResultPair& pair, Comparison& comparison, double& first_s, double& second_s) {
  const double limit_first =
      known(pair.first->timeout_s) ? pair.first->timeout_s : pair.second->timeout_s;
  const double limit_second = known(pair.second->timeout_s) ? pair.second->timeout_s : limit_first;
  const auto penalised = [](const ResultRow& row, double limit_s) {
    return solved(row.outcome) ? row.seconds : 2.0 * limit_s;
  };
  const double a = penalised(*pair.first, limit_first), b = penalised(*pair.second, limit_second);
  if (!known(a) || !known(b)) return;
  first_s += a;
  second_s += b;
  ++comparison.par2_over;
}

void classify(const ResultPair& pair, Comparison& comparison) {
  const Outcome first = pair.first->outcome, second = pair.second->outcome;
  if (solved(first) && solved(second)) {
    (first == second ? comparison.both : comparison.disagreements).push_back(pair);
  } else if (solved(second)) {
    comparison.gained.push_back(pair);
  } else if (solved(first)) {
    comparison.lost.push_back(pair);
  } else if (first != second) {
    comparison.other_changes.push_back(pair);
  }
}

}  // namespace

Comparison compare(const ResultTable& first, const ResultTable& second) {
  Comparison comparison;
  double first_s = 0.0, second_s = 0.0;
  for (const ResultRow& row : first.rows()) {
    const ResultPair pair{&row, second.find(row)};
    if (pair.second == nullptr) {
      ++comparison.only_first;
      continue;
    }
    ++comparison.common;
    classify(pair, comparison);
    add_par2(pair, comparison, first_s, second_s);
  }
  for (const ResultRow& row : second.rows())
    comparison.only_second += first.find(row) == nullptr ? 1 : 0;
  if (comparison.common == 0) {
    throw InputError(first.name() + " and " + second.name() + " have no instance in common");
  }
  if (comparison.par2_over > 0) {
    comparison.par2_first_s = first_s / static_cast<double>(comparison.par2_over);
    comparison.par2_second_s = second_s / static_cast<double>(comparison.par2_over);
  }
  return comparison;
}

std::string to_text(const Comparison& comparison, const ResultTable& first,
                    const ResultTable& second, std::size_t longest) {
  const std::string &a = first.name(), &b = second.name();
  std::string text =
      format("%zu instances in common, %zu only in %s, %zu only in %s\n", comparison.common,
             comparison.only_first, a.c_str(), comparison.only_second, b.c_str());
  text += list_text("DISAGREEMENTS, sat against unsat", comparison.disagreements, 0);
  text += list_text("settled by " + b + " alone", comparison.gained, longest);
  text += list_text("settled by " + a + " alone", comparison.lost, longest);
  text += list_text("settled by neither, in different words", comparison.other_changes, longest);
  text += format("settled by both, alike: %zu\n", comparison.both.size());
  if (!first.timed() || !second.timed()) return text;
  text += times_text(times_of(comparison), a, b);
  if (comparison.par2_over > 0) {
    text += format("PAR-2 over %zu instances: %s %.3f s, %s %.3f s\n", comparison.par2_over,
                   a.c_str(), comparison.par2_first_s, b.c_str(), comparison.par2_second_s);
  }
  return text;
}

}  // namespace clipbound::suite
