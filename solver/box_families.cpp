#include "solver/box_families.h"

#include <algorithm>
#include <map>

#include "base/rounding.h"

namespace clipbound::solver {

std::vector<BoxGroup> group_by_box(const Query& query, DataType input_type) {
  std::map<const Box*, std::size_t> index;
  std::vector<BoxGroup> groups;
  for (std::size_t k = 0; k < query.clauses.size(); ++k) {
    const Box* box = query.clauses[k].box.get();
    const auto known = index.find(box);
    if (known != index.end()) {
      groups[known->second].clauses.push_back(k);
    } else if (!is_empty(*box, input_type)) {
      index.emplace(box, groups.size());
      BoxGroup& group = groups.emplace_back();
      for (const InputInterval& interval : *box) {
        const Ends ends = interval.proof_in(input_type);
        group.lower.push_back(ends.lower);
        group.upper.push_back(ends.upper);
      }
      group.clauses.push_back(k);
    }
  }
  return groups;
}

BoxFamily family_of(std::vector<BoxGroup> groups, std::size_t inputs) {
  BoxFamily family{std::move(groups), std::vector<double>(inputs, kInfinity),
                   std::vector<double>(inputs, -kInfinity)};
  for (const BoxGroup& group : family.groups) {
    for (std::size_t i = 0; i < inputs; ++i) {
      family.lower[i] = std::min(family.lower[i], group.lower[i]);
      family.upper[i] = std::max(family.upper[i], group.upper[i]);
    }
  }
  return family;
}

namespace {

/// Marks the inputs that `form` reads, directly or through layers that are affine; every such layer
/// is followed once (`followed`).
void mark_inputs(const LayeredSystem& system, const AffineForm& form, std::vector<char>& marked,
                 std::vector<char>& followed) {
  for (const auto& [source, coefficients] : form.terms) {
    const SparseRows& rows = coefficients.written();
    if (source == kInputSource) {
      for (const std::int32_t column : rows.all_indices())
        marked[static_cast<std::size_t>(column)] = 1;
    } else if (system.activations[static_cast<std::size_t>(source)].curve == Curve::identity &&
               followed[static_cast<std::size_t>(source)] == 0) {
      followed[static_cast<std::size_t>(source)] = 1;
      mark_inputs(system, system.layers[static_cast<std::size_t>(source)], marked, followed);
    }
  }
}

}  // namespace

std::vector<int> factor_inputs(const LayeredSystem& system) {
  std::vector<char> marked(system.lower.size(), 0), followed(system.layers.size(), 0);
  for (std::size_t k = 0; k < system.layers.size(); ++k) {
    const Curve curve = system.activations[k].curve;
    // What products and quotients of variables become.
    if (curve == Curve::square || curve == Curve::product || curve == Curve::reciprocal)
      mark_inputs(system, system.layers[k], marked, followed);
  }
  std::vector<int> inputs;
  for (std::size_t i = 0; i < marked.size(); ++i) {
    if (marked[i] != 0) inputs.push_back(static_cast<int>(i));
  }
  return inputs;
}

std::vector<BoxFamily> split_by_factors(const BoxFamily& family, const LayeredSystem& system) {
  // Those that vary over the hull, but in no box.
  std::vector<char> differs(family.lower.size(), 0);
  const std::vector<int> factors = factor_inputs(system),
                         varying = varying_inputs(family.lower, family.upper);
  for (const int i : varying) differs[static_cast<std::size_t>(i)] = 1;
  for (const BoxGroup& group : family.groups) {
    const BoxFamily box = family_of({group}, family.lower.size());
    for (const int i : varying_inputs(box.lower, box.upper))
      differs[static_cast<std::size_t>(i)] = 0;
  }
  std::vector<std::size_t> key;
  for (const int i : factors) {
    if (differs[static_cast<std::size_t>(i)] != 0) key.push_back(static_cast<std::size_t>(i));
  }
  std::map<std::vector<double>, std::size_t> index;
  std::vector<std::vector<BoxGroup>> parts;
  for (const BoxGroup& group : family.groups) {
    std::vector<double> values;
    for (const std::size_t i : key) values.push_back(group.lower[i]);
    const auto [at, added] = index.emplace(std::move(values), parts.size());
    if (added) parts.emplace_back();
    parts[at->second].push_back(group);
  }
  std::vector<BoxFamily> families;
  for (auto& part : parts) families.push_back(family_of(std::move(part), family.lower.size()));
  return families;
}

}  // namespace clipbound::solver
