#include "bounds/self_check.h"

#include <cmath>
#include <cstdio>
#include <random>
#include <string>

#include "base/check.h"
#include "base/rounding.h"
#include "specs/evaluate/evaluate.h"

namespace clipbound::bounds {

namespace {

/// Multiplications of one evaluation, roughly: the entries of all matrices, and a pass over every
/// value.
double work_of(const Network& network, const LayeredSystem& system) {
  double work = 0.0;
  const auto add = [&](const AffineForm& form) {
    for (const auto& [source, rows] : form.terms) work += static_cast<double>(rows.entries());
  };
  for (const AffineForm& layer : system.layers) add(layer);
  add(system.outputs);
  for (const Value& value : network.values) work += static_cast<double>(value.size());
  return work;
}

/// Point number k of the box: its centre, a corner, a point inside, a corner, ...
std::vector<double> point_of(const CrownBounder::Bounds& bounds, int k, std::mt19937_64& random) {
  std::vector<double> x(bounds.lower.size());
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double l = bounds.lower[i], u = bounds.upper[i];
    const double share = static_cast<double>(random() >> 11) * 0x1p-53;
    if (k == 0) {
      x[i] = 0.5 * l + 0.5 * u;
    } else if (k % 2 == 1) {
      x[i] = share < 0.5 ? l : u;
    } else {
      x[i] = l * (1.0 - share) + u * share;
    }
    x[i] = std::fmin(std::fmax(x[i], l), u);
  }
  return x;
}

std::string text_of(double x) {
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", x);
  return text;
}

/// Compares one vector of values with its bounds. Written so that NaN and infinite errors accuse
/// nobody.
void compare(const std::string& name, const double* value, const double* error,
             const IntervalVector& bounds, const std::string& point) {
  for (std::size_t i = 0; i < bounds.lower.size(); ++i) {
    const double least = add_down(value[i], -error[i]), most = add_up(value[i], error[i]);
    if (!(bounds.lower[i] > most) && !(bounds.upper[i] < least)) continue;
    throw ContractError("self-check: element " + std::to_string(i) + " of " + name + " is " +
                        text_of(value[i]) + " +- " + text_of(error[i]) + " at " + point +
                        ", outside its bounds [" + text_of(bounds.lower[i]) + ", " +
                        text_of(bounds.upper[i]) + "]");
  }
}

/// Whether the system certainly speaks of a point with these values: some limits hold at
/// counterexamples alone.
bool is_spoken_of(const LayeredSystem& system, const std::vector<EnclosedOutputs>& values) {
  for (std::size_t k = 0; k < system.layers.size(); ++k) {
    if (!system.limits[k].of_counterexamples) continue;
    const ValueId id = system.layer_values[k];
    if (id == kNoValue) return false;
    const std::vector<std::int64_t>& elements = system.layer_elements[k];
    const IntervalVector& limits = system.limits[k].z;
    for (std::size_t v = 0; v < limits.lower.size(); ++v) {
      const auto e = elements.empty() ? v : static_cast<std::size_t>(elements[v]);
      const double x = values[index_of(id)].value[e], error = values[index_of(id)].error[e];
      if (!(x - error >= limits.lower[v] && x + error <= limits.upper[v])) return false;
    }
  }
  return true;
}

/// Every layer that is a value of the network, at one point.
void compare_layers(const Network& network, const LayeredSystem& system,
                    const CrownBounder::Bounds& bounds, const std::vector<EnclosedOutputs>& values,
                    const std::string& point) {
  for (std::size_t k = 0; k < system.layers.size() && k < bounds.layers.size(); ++k) {
    const ValueId id = system.layer_values[k];
    if (id == kNoValue) continue;  // a helper inside an operator: the evaluator does not know it
    const EnclosedOutputs& truth = values[index_of(id)];
    const std::string name = "'" + network.value(id).name + "' (layer " + std::to_string(k) + ")";
    const std::vector<std::int64_t>& elements = system.layer_elements[k];
    if (elements.empty()) {
      CLIPBOUND_CHECK(truth.value.size() == bounds.layers[k].lower.size());
      compare(name, truth.value.data(), truth.error.data(), bounds.layers[k], point);
      continue;
    }
    EnclosedOutputs part;  // elements that are numbers are no neurons
    for (const std::int64_t e : elements) {
      part.value.push_back(truth.value[static_cast<std::size_t>(e)]);
      part.error.push_back(truth.error[static_cast<std::size_t>(e)]);
    }
    compare(name, part.value.data(), part.error.data(), bounds.layers[k], point);
  }
}

}  // namespace

int self_check(const Network& network, const LayeredSystem& system,
               const CrownBounder::Bounds& bounds, const SelfCheckSettings& settings) {
  const double affordable = settings.most_work / work_of(network, system);
  const int points = affordable < settings.points ? static_cast<int>(affordable) : settings.points;
  if (points <= 0) return 0;
  std::mt19937_64 random(settings.seed);
  const IntervalVector outputs = enclose(system.outputs, bounds.sources);
  for (int k = 0; k < points; ++k) {
    std::vector<double> x = point_of(bounds, k, random);
    if (system.ball != nullptr) {
      // Of the ball the box may be a part that does not hold the centre.
      system.ball->pull_inside(x);
      for (std::size_t i = 0; i < x.size(); ++i)
        x[i] = std::fmin(std::fmax(x[i], bounds.lower[i]), bounds.upper[i]);
      if (!system.ball->certainly_holds(x)) continue;
    }
    const std::string point =
        "point " + std::to_string(k) + " of seed " + std::to_string(settings.seed);
    const std::vector<EnclosedOutputs> values = evaluate_all_enclosed(network, x);
    if (!is_spoken_of(system, values)) continue;
    compare_layers(network, system, bounds, values, point);
    EnclosedOutputs y;
    for (const ValueId id : network.outputs) {
      const EnclosedOutputs& part = values[index_of(id)];
      y.value.insert(y.value.end(), part.value.begin(), part.value.end());
      y.error.insert(y.error.end(), part.error.begin(), part.error.end());
    }
    CLIPBOUND_CHECK(y.value.size() == outputs.lower.size());
    compare("the outputs", y.value.data(), y.error.data(), outputs, point);
  }
  return points;
}

}  // namespace clipbound::bounds
