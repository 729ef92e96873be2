#include "tests/hunt/shrink.h"

#include <cmath>

#include "base/error.h"
#include "specs/evaluate/evaluate.h"
#include "specs/network/enclosed.h"
#include "tests/hunt/rewrite.h"

namespace clipbound::test {

namespace {

class Shrinker {
 public:
  Shrinker(const Planted& planted, const Fails& fails, int tries)
      : fails_(fails), most_(tries), best_{planted, fails(planted), 1} {}

  Shrunk run() {
    bool smaller = true;
    while (smaller && best_.tries < most_) {
      smaller = drop_clauses();
      smaller = drop_rows() || smaller;
      smaller = shrink_network() || smaller;
      smaller = shrink_box() || smaller;
    }
    return best_;
  }

 private:
  /// Keeps a candidate that still fails.
  bool keep(const Planted& candidate) {
    if (best_.tries >= most_) return false;
    ++best_.tries;
    std::string what;
    try {
      what = fails_(candidate);
    } catch (const InputError&) {
    } catch (const Unsupported&) {
    }
    if (what.empty()) return false;
    best_.planted = candidate;
    best_.what = what;
    return true;
  }

  /// All but the last clause, which the point satisfies.
  bool drop_clauses() {
    bool any = false;
    for (std::size_t k = best_.planted.property.clauses.size() - 1; k-- > 0;) {
      Planted candidate = best_.planted;
      auto& clauses = candidate.property.clauses;
      clauses.erase(clauses.begin() + static_cast<std::ptrdiff_t>(k));
      any = keep(candidate) || any;
    }
    return any;
  }
  bool drop_rows() {
    bool any = false;
    for (std::size_t k = best_.planted.property.clauses.back().size(); k-- > 0;) {
      if (best_.planted.property.clauses.back().size() == 1) break;
      Planted candidate = best_.planted;
      auto& rows = candidate.property.clauses.back();
      rows.erase(rows.begin() + static_cast<std::ptrdiff_t>(k));
      any = keep(candidate) || any;
    }
    return any;
  }
  /// Inputs that need not vary, then sides that may be half as far away.
  bool shrink_box() {
    bool any = false;
    for (std::size_t i = 0; i < best_.planted.x.size(); ++i) any = fix_input(i) || any;
    for (std::size_t i = 0; i < best_.planted.x.size(); ++i) {
      for (int halvings = 0; halvings < 60 && halve(i); ++halvings) any = true;
    }
    return any;
  }
  bool fix_input(std::size_t i) {
    Property& property = best_.planted.property;
    const double x = best_.planted.x[i];
    if (property.lower[i] == x && property.upper[i] == x) return false;
    Planted candidate = best_.planted;
    candidate.property.lower[i] = candidate.property.upper[i] = x;
    return keep(candidate);
  }
  bool halve(std::size_t i) {
    const double x = best_.planted.x[i], l = best_.planted.property.lower[i],
                 u = best_.planted.property.upper[i];
    Planted candidate = best_.planted;
    candidate.property.lower[i] = 0.5 * l + 0.5 * x;
    if (candidate.property.lower[i] > l && candidate.property.lower[i] <= x && keep(candidate))
      return true;
    candidate = best_.planted;
    candidate.property.upper[i] = 0.5 * u + 0.5 * x;
    return candidate.property.upper[i] < u && candidate.property.upper[i] >= x && keep(candidate);
  }

  bool shrink_network() {
    // Edits of the network need a property that can be planted anew.
    if (!try_network(best_.planted.network, best_.planted.weights) && !canonical_) return false;
    canonical_ = true;
    bool any = false;
    for (bool smaller = true; smaller;) {
      smaller = cut();
      smaller = freeze_nodes() || smaller;
      smaller = remove_nodes() || smaller;
      any = any || smaller;
    }
    return simplify_constants() || any;
  }
  bool try_network(std::shared_ptr<const Network> network, const std::vector<double>& weights) {
    const std::optional<Planted> candidate = plant_anew(best_.planted, std::move(network), weights);
    return candidate && keep(*candidate);
  }
  bool try_edit(const Edit& edit) {
    auto network = rewritten(*best_.planted.network, edit);
    return network &&
           network->output_size() == static_cast<std::int64_t>(best_.planted.weights.size()) &&
           try_network(std::move(network), best_.planted.weights);
  }
  /// A value from within as the only output, the earliest that will do.
  bool cut() {
    const std::vector<Node>& nodes = best_.planted.network->nodes;
    for (std::size_t n = 0; n + 1 < nodes.size(); ++n) {
      const auto network = rewritten(*best_.planted.network, {Edit::cut, n});
      if (!network) continue;
      const auto size = static_cast<std::size_t>(network->output_size());
      for (std::size_t k = 0; k < std::min<std::size_t>(size, 4); ++k) {
        for (const double sign : {1.0, -1.0}) {
          std::vector<double> weights(size, 0.0);
          weights[k] = sign;
          if (try_network(network, weights)) return true;  // a later one is no smaller
        }
      }
    }
    return false;
  }
  /// Nodes whose readers may as well read one of their inputs, the last ones first.
  bool remove_nodes() {
    bool any = false;
    for (std::size_t n = best_.planted.network->nodes.size(); n-- > 0;) {
      if (n >= best_.planted.network->nodes.size()) continue;  // others went with one before
      const std::size_t inputs = best_.planted.network->nodes[n].inputs.size();
      for (std::size_t k = 0; k < inputs; ++k) {
        if (!try_edit({Edit::bypass, n, k})) continue;
        any = true;
        break;
      }
    }
    return any;
  }
  /// Nodes that may be constant, with about the value that they have at the point, the last ones
  /// first: what only they read goes with them.
  bool freeze_nodes() {
    bool any = false;
    for (std::size_t n = best_.planted.network->nodes.size(); n-- > 0;) {
      if (n + 1 >= best_.planted.network->nodes.size()) continue;
      const std::vector<EnclosedOutputs> values =
          evaluate_all_enclosed(*best_.planted.network, best_.planted.x);
      const EnclosedOutputs& now = values[index_of(best_.planted.network->nodes[n].outputs[0])];
      any = try_edit({Edit::freeze, n, 0, {now.value.begin(), now.value.end()}}) || any;
    }
    return any;
  }
  /// Weights that may be 0, or multiples of a quarter: first whole tensors, then single ones.
  bool simplify_constants() {
    bool any = false;
    for (std::size_t v = 0; v < best_.planted.network->values.size(); ++v) {
      const std::vector<float> now = floats_of(*best_.planted.network, v);
      if (now.empty()) continue;
      any = try_constant(v, std::vector<float>(now.size(), 0.0F)) || any;
      std::vector<float> rounded = floats_of(*best_.planted.network, v);
      for (float& x : rounded) x = std::round(4.0F * x) / 4.0F;
      any = try_constant(v, rounded) || any;
      for (std::size_t i = 0; i < std::min<std::size_t>(now.size(), 64); ++i) {
        std::vector<float> one = floats_of(*best_.planted.network, v);
        one[i] = 0.0F;
        any = try_constant(v, one) || any;
      }
    }
    return any;
  }
  bool try_constant(std::size_t v, const std::vector<float>& values) {
    if (values == floats_of(*best_.planted.network, v)) return false;
    auto network = std::make_shared<Network>(*best_.planted.network);
    network->values[v].constant->values = values;
    return try_network(std::move(network), best_.planted.weights);
  }

  const Fails& fails_;
  const int most_;
  Shrunk best_;
  bool canonical_ = false;
};

}  // namespace

Shrunk shrink(const Planted& planted, const Fails& fails, int tries) {
  return Shrinker(planted, fails, tries).run();
}

std::optional<Planted> plant_anew(const Planted& planted, std::shared_ptr<const Network> network,
                                  std::vector<double> weights) {
  Enclosed value(0.0);
  std::string sum;
  try {
    const EnclosedOutputs y = evaluate_enclosed(*network, planted.x);
    for (std::size_t j = 0; j < weights.size(); ++j) {
      if (weights[j] == 0.0) continue;
      value = value + Enclosed(weights[j]) * Enclosed(y.value[j], y.error[j]);
      sum += " (* " + decimal(weights[j]) + " Y_" + std::to_string(j) + ")";
    }
  } catch (const std::exception&) {
    return std::nullopt;  // an operator that this network has no values for
  }
  if (sum.empty() || !(value.error < 1e-3 * std::fabs(value.value) + 1e-3)) return std::nullopt;
  Planted result = planted;
  result.network = std::move(network);
  result.weights = std::move(weights);
  result.property.outputs = static_cast<int>(result.network->output_size());
  const double threshold = std::nextafter(value.value + value.error * (1.0 + 1e-10), HUGE_VAL);
  result.property.clauses = {
      {"(<= (+ 0.0" + sum + ") " + decimal(std::nextafter(threshold, HUGE_VAL)) + ")"}};
  return result;
}

}  // namespace clipbound::test
