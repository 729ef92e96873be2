#include "tests/hunt/planted.h"

#include <cmath>

#include "base/error.h"
#include "specs/network/enclosed.h"
#include "tests/hunt/any_network.h"
#include "tests/hunt/worst_point.h"
#include "tests/support/floors.h"
#include "tests/support/random_network.h"

namespace clipbound::test {

namespace {

/// Boxes of all widths; some inputs fixed, or nearly.
void choose_box(Dice& dice, int inputs, Property& property) {
  const double radius =
      std::exp(dice.uniform(std::log(1e-4), std::log(4.0))) * (inputs > 40 ? 0.2 : 1.0);
  for (int i = 0; i < inputs; ++i) {
    const double kind = dice.uniform(0.0, 1.0), centre = static_cast<float>(dice.normal());
    const double own = kind < 0.1    ? 0.0
                       : kind < 0.14 ? 1e-9
                       : kind < 0.2  ? 1e-3 * radius
                                     : radius * dice.uniform(0.3, 1.0);
    property.lower.push_back(static_cast<float>(centre - own * dice.uniform(0.0, 2.0)));
    property.upper.push_back(static_cast<float>(property.lower.back() + 2.0 * own));
  }
}

/// A row c Y + d X that the point satisfies; `spread` is what thresholds are measured by.
class RowMaker {
 public:
  RowMaker(Dice& dice, const Planted& planted, const EnclosedOutputs& y)
      : dice_(dice), planted_(planted), y_(y) {}

  /// Text of the row with these coefficients, loosened by a share of `spread`.
  std::string text(const std::vector<double>& weights, double spread) {
    std::string sum;
    Enclosed value(0.0);
    const auto add = [&](double c, const std::string& name, Enclosed z) {
      if (c == 0.0) return;
      sum += " (* " + decimal(c) + " " + name + ")";
      value = value + Enclosed(c) * z;
    };
    for (std::size_t j = 0; j < weights.size(); ++j)
      add(weights[j], "Y_" + std::to_string(j), Enclosed(y_.value[j], y_.error[j]));
    if (dice_.chance(0.1)) add(0.25, "X_0", Enclosed(planted_.x[0]));
    error = value.error;
    const double margin =
        dice_.chance(0.2) ? 0.0 : std::pow(10.0, -dice_.uniform(3.0, 13.0)) * spread;
    const double threshold =
        std::nextafter(value.value + value.error * (1.0 + 1e-10) + margin, HUGE_VAL);
    const bool strict = dice_.chance(0.2), turned = dice_.chance(0.2);
    if (turned)
      return std::string(strict ? "(> " : "(>= ") + decimal(std::nextafter(threshold, HUGE_VAL)) +
             " (+ 0.0" + sum + "))";
    return std::string(strict ? "(< " : "(<= ") + "(+ 0.0" + sum + ") " +
           decimal(std::nextafter(threshold, HUGE_VAL)) + ")";
  }
  double error = 0.0;

 private:
  Dice& dice_;
  const Planted& planted_;
  const EnclosedOutputs& y_;
};

/// Clauses get boxes of their own: parts of one input's range, or single values of it. The point
/// stays in the last one.
void split_boxes(Dice& dice, Planted& planted) {
  const auto i = static_cast<std::size_t>(dice.whole(0, static_cast<int>(planted.x.size()) - 1));
  const std::string name = "X_" + std::to_string(i);
  const double l = planted.property.lower[i], u = planted.property.upper[i], x = planted.x[i];
  const bool single = dice.chance(0.5);
  for (std::vector<std::string>& clause : planted.property.clauses) {
    const bool last = &clause == &planted.property.clauses.back();
    const double at = last ? x : std::clamp(dice.uniform(l, u), l, u);
    clause.push_back("(<= " + name + " " +
                     decimal(single ? at : std::clamp(at + 0.3 * (u - l), at, u)) + ")");
    clause.push_back("(>= " + name + " " +
                     decimal(single ? at : std::clamp(at - 0.3 * (u - l), l, at)) + ")");
  }
}

/// Layers of ReLUs or curves, wide enough for searches of some depth.
std::shared_ptr<const Network> layered(Dice& dice, int inputs) {
  NetworkTaste taste{.inputs = inputs,
                     .layers = dice.whole(2, 4),
                     .width = dice.whole(6, 16),
                     .outputs = dice.whole(1, 3),
                     .scale = dice.uniform(0.8, 1.6)};
  taste.structured = dice.chance(0.5);
  taste.nonlinear = dice.chance(0.5);
  taste.wild = dice.chance(0.05);
  return random_network(dice, taste);
}

std::shared_ptr<const Network> anything(Dice& dice, int inputs, Property& property) {
  if (dice.chance(0.08)) return old_network(dice, inputs);
  const int wide = dice.chance(0.03) ? 16 : 1, opset = dice.chance(0.25) ? dice.whole(21, 23) : 20;
  AnyNetwork maker(dice, inputs, wide, opset);
  auto network = maker.build();
  for (auto* edges : {&property.lower, &property.upper}) {
    for (double& x : *edges) x = static_cast<float>(x + maker.shift());
  }
  if (const int most = maker.most_of_first(); most >= 0) {
    property.lower[0] = dice.chance(0.5) ? 0.0 : dice.uniform(0.0, 0.5 * most);
    property.upper[0] = dice.chance(0.5) ? most : dice.uniform(property.lower[0], most);
  }
  return network;
}

std::vector<double> some_weights(Dice& dice, std::int64_t count) {
  std::vector<double> weights(static_cast<std::size_t>(count), 0.0);
  for (double& w : weights) {
    if (dice.chance(0.5)) w = 0.25 * dice.whole(-8, 8);
  }
  double& one = weights[static_cast<std::size_t>(dice.whole(0, static_cast<int>(count) - 1))];
  if (one == 0.0) one = dice.chance(0.5) ? 1.0 : -1.0;
  return weights;
}

}  // namespace

std::optional<Planted> plant(Dice& dice) {
  Planted planted;
  const int inputs = dice.chance(0.02)   ? dice.whole(201, 230)
                     : dice.chance(0.15) ? dice.whole(41, 48)
                                         : dice.whole(1, 6);
  choose_box(dice, inputs, planted.property);
  try {
    planted.network =
        dice.chance(0.2) ? layered(dice, inputs) : anything(dice, inputs, planted.property);
  } catch (const Unsupported& error) {
    throw Refused(error.what());
  } catch (const InputError& error) {
    throw Refused(error.what());
  }
  const std::int64_t outputs = planted.network->output_size();
  planted.property.outputs = static_cast<int>(outputs);
  const std::vector<double> weights = some_weights(dice, outputs);
  planted.weights = weights;
  WorstPoint search(dice, planted.network, planted.property.lower, planted.property.upper);
  planted.x = search.find(weights, 150, 250);
  if (planted.x.empty()) return std::nullopt;
  const EnclosedOutputs y = evaluate_enclosed(*planted.network, planted.x);
  if (!std::all_of(y.error.begin(), y.error.end(), [](double e) { return e < 1e100; }))
    return std::nullopt;
  const double spread = std::max(search.most - search.least, 1e-9 * std::fabs(search.least));
  RowMaker rows(dice, planted, y);
  std::vector<std::string> clause{rows.text(weights, spread)};
  if (!(rows.error < 1e-3 * spread + 1e-300)) return std::nullopt;
  const int more = dice.chance(0.5) ? 0 : dice.whole(1, 3);
  for (int k = 0; k < more; ++k) clause.push_back(rows.text(some_weights(dice, outputs), spread));
  // Clauses that nobody satisfies, or perhaps somebody.
  const int others = dice.chance(0.7) ? 0 : dice.whole(1, 3);
  for (int k = 0; k < others; ++k) {
    planted.property.clauses.push_back(
        {y_at_most(0, (weights[0] > 0.0 ? search.least : -search.most) -
                          std::exp(dice.uniform(-3.0, 3.0)) * spread)});
  }
  planted.property.clauses.push_back(std::move(clause));
  if (dice.chance(0.15)) split_boxes(dice, planted);
  return planted;
}

Planted near_the_point(Dice& dice, const Planted& planted) {
  Planted part = planted;
  const double share = std::pow(10.0, -dice.uniform(0.0, 6.0));
  for (std::size_t i = 0; i < part.x.size(); ++i) {
    const double l = planted.property.lower[i], u = planted.property.upper[i], x = part.x[i];
    part.property.lower[i] = std::clamp(x - share * dice.uniform(0.0, 1.0) * (x - l), l, x);
    part.property.upper[i] = std::clamp(x + share * dice.uniform(0.0, 1.0) * (u - x), x, u);
  }
  return part;
}

}  // namespace clipbound::test
