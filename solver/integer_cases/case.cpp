#include "solver/integer_cases/case.h"

#include "base/rounding.h"
#include "base/simd.h"
#include "bounds/clip/relaxed_clipping.h"

namespace clipbound::solver {

std::vector<std::vector<Case>> singles_of(std::vector<Case> cases) {
  std::vector<std::vector<Case>> singles;
  for (Case& c : cases) singles.emplace_back().push_back(std::move(c));
  return singles;
}

std::vector<CasePart> cut(const CasePart& part, const InputStaircase& staircase) {
  const StaircaseCut edge = cut_staircase(staircase);
  const auto i = static_cast<std::size_t>(staircase.input);
  std::vector<CasePart> parts(2, part);
  parts[0].upper[i] = edge.at;
  parts[0].open.upper[i] = edge.right_has_it ? 1 : 0;
  parts[1].lower[i] = edge.at;
  parts[1].open.lower[i] = edge.right_has_it ? 0 : 1;
  return parts;
}

std::vector<CasePart> cut(const CasePart& part, const OpenStep& step) {
  std::vector<CasePart> parts;
  for (const Range& values : cut_step(step)) {
    parts.push_back(part);
    parts.back().decisions.insert_or_assign(step.id, values);
  }
  return parts;
}

std::vector<CasePart> halve(const CasePart& part, std::size_t input) {
  const double middle = 0.5 * part.lower[input] + 0.5 * part.upper[input];
  std::vector<CasePart> parts(2, part);
  parts[0].upper[input] = parts[1].lower[input] = middle;
  parts[0].open.upper[input] = parts[1].open.lower[input] = 0;
  return parts;
}

namespace {

/// Shrinks the box by one half-space over some of its inputs; false where nothing is left of it.
bool clip_by(CasePart& part, std::span<const std::int32_t> inputs, std::span<const double> slopes,
             double offset) {
  const auto N = static_cast<int>(inputs.size());
  std::vector<Vec> lower, upper, halfspace;
  for (int k = 0; k < N; ++k) {
    const auto i = static_cast<std::size_t>(inputs[static_cast<std::size_t>(k)]);
    lower.push_back(broadcast(part.lower[i]));
    upper.push_back(broadcast(part.upper[i]));
    halfspace.push_back(broadcast(slopes[static_cast<std::size_t>(k)]));
  }
  halfspace.push_back(broadcast(offset));
  if (clip_boxes(N, lower.data(), upper.data(), 1, halfspace.data())[0] != 0) return false;
  for (int k = 0; k < N; ++k) {
    const auto i = static_cast<std::size_t>(inputs[static_cast<std::size_t>(k)]);
    // The new ends belong to the part.
    if (lower[static_cast<std::size_t>(k)][0] > part.lower[i]) part.open.lower[i] = 0;
    if (upper[static_cast<std::size_t>(k)][0] < part.upper[i]) part.open.upper[i] = 0;
    part.lower[i] = lower[static_cast<std::size_t>(k)][0];
    part.upper[i] = upper[static_cast<std::size_t>(k)][0];
  }
  return true;
}

}  // namespace

Clipped clip(CasePart& part, const LayeredSystem& system) {
  constexpr double kNoteworthy = 0x1p-7;  // of an input's width
  const auto of_inputs = system.conditions.terms.find(kInputSource);
  if (of_inputs == system.conditions.terms.end()) return Clipped::nothing;
  const CasePart before = part;
  for (std::int64_t row = 0; row < system.conditions.size(); ++row) {
    bool reads_layers = false;
    for (const auto& [source, rows] : system.conditions.terms)
      reads_layers = reads_layers || (source != kInputSource && !rows.indices(row).empty());
    const auto r = static_cast<std::size_t>(row);
    const double offset =
        next_down(system.conditions.constant[r] - next_up(system.conditions.radius[r]));
    if (reads_layers || of_inputs->second.indices(row).empty() || !(offset > -kOverflow)) continue;
    if (!clip_by(part, of_inputs->second.indices(row), of_inputs->second.values(row), offset))
      return Clipped::all;
  }
  for (std::size_t i = 0; i < part.lower.size(); ++i) {
    if (part.upper[i] - part.lower[i] < (1.0 - kNoteworthy) * (before.upper[i] - before.lower[i]))
      return Clipped::some;
  }
  return Clipped::nothing;
}

std::vector<double> middle_of(const CasePart& part) {
  std::vector<double> x(part.lower.size());
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = 0.5 * part.lower[i] + 0.5 * part.upper[i];
  return x;
}

}  // namespace clipbound::solver
