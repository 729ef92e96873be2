#include "tests/hunt/checks.h"

#include "bounds/alpha_beta/intermediate_bounds.h"
#include "bounds/forward/forward_bounder.h"
#include "bounds/layered/clause_rows.h"
#include "bounds/lowering/lower_network.h"
#include "bounds/output_bounds.h"
#include "tests/hunt/worst_point.h"
#include "tests/support/floors.h"
#include "tests/support/lowered.h"

namespace clipbound::test {

namespace {

std::string text_of(double x) {
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", x);
  return text;
}

/// Bounds of the layers of one system.
struct LayerBounds {
  std::string name;
  std::vector<IntervalVector> layers;
};

class LayerCheck {
 public:
  LayerCheck(Dice& dice, const Planted& planted, ProductForm form)
      : dice_(dice),
        planted_(planted),
        network_(simplify(planted.network).network),
        system_(std::make_shared<const LayeredSystem>(
            lower_network(*network_, planted.property.lower, planted.property.upper, form))) {
    add_root();
    if (form == ProductForm::squares) add_alpha_crown();
  }
  void run(Tally& tally) {
    check_outputs();
    WorstPoint points(dice_, network_, planted_.property.lower, planted_.property.upper);
    compare(planted_.x, tally);
    for (int k = 0; k < 12; ++k) compare(points.sample(), tally);
    for (int k = 0; k < 2; ++k) attack(tally);
  }

 private:
  void add_root() {
    bounds_.push_back(
        {"root", CrownBounder(system_)
                     .bound_neurons(planted_.property.lower, planted_.property.upper, Deadline())
                     .layers});
  }
  void add_alpha_crown() {
    IntermediateBoundsBudget budget;
    budget.iterations = 10;
    budget.bab_rounds = 2;
    budget.helper_work = dice_.chance(0.5) ? 0.0 : 1e8;
    const auto network = bound_intermediate_layers(
        system_, planted_.property.lower, planted_.property.upper, nullptr, budget, Deadline());
    LayerBounds& to = bounds_.emplace_back(LayerBounds{"alpha-CROWN", {}});
    for (int k = 0; k < network->layers(); ++k) to.layers.push_back(network->bounds_of(k));
    check_rows(*network);
  }
  /// Rows of the planted clause are at most what they are at the point.
  void check_rows(const SparseNetwork& network) {
    const Query query = parse_vnnlib(planted_.property.text(), "planted.vnnlib");
    const AffineForm rows = lower_rows(*system_, query.clauses.back());
    std::vector<std::int64_t> all;
    for (std::int64_t s = 0; s < rows.size(); ++s) all.push_back(s);
    const OptimizedRows bounds =
        optimize_rows(network, network.compile_rows(rows, all), {}, 1, Deadline());
    for (const double bound : bounds.lower) {
      if (bound > 0.0)
        throw Wrong("alpha-CROWN: a row that holds at the planted point is above 0, at " +
                    text_of(bound));
    }
  }
  /// Ranges and planes of the outputs, as the library's bounds() gives them.
  void check_outputs() {
    const int iterations = system_->activations.empty() || dice_.chance(0.5) ? 0
                           : has_pairs()                                     ? 0
                                                                             : 5;
    const OutputBounds bounds =
        bound_outputs(CrownBounder(system_), {system_, iterations}, planted_.property.lower,
                      planted_.property.upper, true, Deadline());
    const EnclosedOutputs y = evaluate_enclosed(*network_, planted_.x);
    const std::size_t N = planted_.x.size();
    for (std::size_t m = 0; m < y.value.size(); ++m) {
      const Enclosed truth(y.value[m], y.error[m]);
      if (!allows_lower(bounds.lower[m], truth) || !allows_upper(bounds.upper[m], truth))
        throw Wrong("output " + std::to_string(m) + " is outside its range");
      Enclosed below = truth - Enclosed(bounds.linear.lower_b[m]),
               above = Enclosed(bounds.linear.upper_b[m]) - truth;
      for (std::size_t i = 0; i < N; ++i) {
        below = below - Enclosed(bounds.linear.lower_A[m * N + i]) * Enclosed(planted_.x[i]);
        above = above + Enclosed(bounds.linear.upper_A[m * N + i]) * Enclosed(planted_.x[i]);
      }
      if (!allows_lower(0.0, below) || !allows_lower(0.0, above))
        throw Wrong("output " + std::to_string(m) + " is beyond its planes");
    }
  }
  bool has_pairs() const {
    return std::any_of(system_->activations.begin(), system_->activations.end(),
                       [](const Activation& a) { return a.curve == Curve::product; });
  }
  std::int64_t element(std::size_t layer, std::size_t v) const {
    return system_->layer_elements[layer].empty() ? static_cast<std::int64_t>(v)
                                                  : system_->layer_elements[layer][v];
  }
  void compare(const std::vector<double>& x, Tally& tally) const {
    ++tally.points;
    const std::vector<EnclosedOutputs> values = evaluate_all_enclosed(*network_, x);
    for (std::size_t k = 0; k < system_->layers.size(); ++k) {
      if (system_->layer_values[k] == kNoValue) continue;
      const EnclosedOutputs& truth = values[index_of(system_->layer_values[k])];
      for (const LayerBounds& bounds : bounds_) {
        for (std::size_t v = 0; v < bounds.layers[k].lower.size(); ++v) {
          const auto e = static_cast<std::size_t>(element(k, v));
          const Enclosed z(truth.value[e], truth.error[e]);
          if (allows_lower(bounds.layers[k].lower[v], z) &&
              allows_upper(bounds.layers[k].upper[v], z))
            continue;
          throw Wrong(bounds.name + ": layer " + std::to_string(k) + " neuron " +
                      std::to_string(v) + " is " + text_of(z.value) + " +- " + text_of(z.error) +
                      ", outside [" + text_of(bounds.layers[k].lower[v]) + ", " +
                      text_of(bounds.layers[k].upper[v]) + "]");
        }
      }
    }
  }
  /// A neuron's least or greatest value, about.
  void attack(Tally& tally) {
    if (system_->layers.empty()) return;
    const auto k =
        static_cast<std::size_t>(dice_.whole(0, static_cast<int>(system_->layers.size()) - 1));
    if (system_->layer_values[k] == kNoValue || system_->layers[k].size() == 0) return;
    auto part = std::make_shared<Network>(*network_);
    part->outputs = {system_->layer_values[k]};
    std::vector<double> weights(static_cast<std::size_t>(part->output_size()), 0.0);
    const auto v =
        static_cast<std::size_t>(dice_.whole(0, static_cast<int>(system_->layers[k].size()) - 1));
    weights[static_cast<std::size_t>(element(k, v))] = dice_.chance(0.5) ? 1.0 : -1.0;
    const std::vector<double> x =
        WorstPoint(dice_, part, planted_.property.lower, planted_.property.upper)
            .find(weights, 60, 100);
    if (!x.empty()) compare(x, tally);
  }

  Dice& dice_;
  const Planted& planted_;
  std::shared_ptr<const Network> network_;
  std::shared_ptr<const LayeredSystem> system_;
  std::vector<LayerBounds> bounds_;
};

/// Lanes on boxes about the planted point.
class LaneCheck {
 public:
  LaneCheck(Dice& dice, const Planted& planted, const Lowered& lowered, const Truth& truth)
      : dice_(dice), planted_(planted), lowered_(lowered), truth_(truth) {}

  void run(Batch& lanes, const std::string& name, Tally& tally) {
    const std::size_t N = lowered_.kept.size(), S = truth_.rows.size();
    const auto K = static_cast<int>(lanes.halfspaces.size() / (N + 1));
    for (int round = 0; round < 3; ++round) {
      choose_boxes(lanes);
      lanes.halfspace_count = round == 0 ? 0 : K;
      if (round == 1) plant_halfspaces(lanes);
      if (round == 2)
        std::copy_n(lanes.linear_bound.begin(), std::min(S, static_cast<std::size_t>(K)) * (N + 1),
                    lanes.halfspaces.begin());
      Clipping settings;
      settings.passes = dice_.whole(1, 3);
      lanes.bound(settings);
      tally.lanes += kLanes;
      compare(lanes, name + ", round " + std::to_string(round));
    }
  }

 private:
  double x_of(std::size_t column) const {
    return truth_.x[static_cast<std::size_t>(lowered_.kept[column])];
  }
  /// Of all widths, the point often at an edge; later rounds stay within the boxes of the first, on
  /// which the planes hold.
  void choose_boxes(Batch& lanes) {
    for (int lane = 0; lane < kLanes; ++lane) {
      const double share = dice_.chance(0.3) ? 1.0 : std::pow(10.0, -dice_.uniform(0.0, 8.0));
      for (std::size_t k = 0; k < lowered_.kept.size(); ++k) {
        const double l = lanes.lower_x[k][lane], u = lanes.upper_x[k][lane], x = x_of(k);
        const auto side = [&] { return dice_.chance(0.2) ? 0.0 : share * dice_.uniform(0.0, 1.0); };
        lanes.lower_x[k][lane] = std::clamp(x - side() * (x - l), l, x);
        lanes.upper_x[k][lane] = std::clamp(x + side() * (u - x), x, u);
      }
    }
  }
  /// Random half-spaces whose edges pass the point by a hair.
  void plant_halfspaces(Batch& lanes) {
    const std::size_t N = lowered_.kept.size(), count = lanes.halfspaces.size() / (N + 1);
    for (std::size_t c = 0; c < count; ++c) {
      for (int lane = 0; lane < kLanes; ++lane) {
        Enclosed at(0.0);
        for (std::size_t k = 0; k < N; ++k) {
          const double g = dice_.chance(0.2) ? 0.0 : dice_.normal();
          lanes.halfspaces[c * (N + 1) + k][lane] = g;
          at = at + Enclosed(g) * Enclosed(x_of(k));
        }
        lanes.halfspaces[c * (N + 1) + N][lane] = -(at.value + 2.0 * at.error + 1e-300);
      }
    }
  }
  void compare(const Batch& lanes, const std::string& name) const {
    const std::size_t N = lowered_.kept.size();
    for (int lane = 0; lane < kLanes; ++lane) {
      if (lanes.refuted[lane] != 0)
        throw Wrong(name + ": a lane with the planted point is refuted");
      for (std::size_t s = 0; s < truth_.rows.size(); ++s) {
        if (!allows_lower(lanes.lower[s][lane], truth_.rows[s]))
          throw Wrong(name + ": row " + std::to_string(s) + " is above its value");
        const Vec* plane = lanes.linear_bound.data() + s * (N + 1);
        Enclosed margin = truth_.rows[s] - Enclosed(plane[N][lane]);
        for (std::size_t k = 0; k < N; ++k)
          margin = margin - Enclosed(plane[k][lane]) * Enclosed(x_of(k));
        if (!allows_lower(0.0, margin))
          throw Wrong(name + ": the plane of row " + std::to_string(s) + " is above its value");
      }
    }
  }

  Dice& dice_;
  const Planted& planted_;
  const Lowered& lowered_;
  const Truth& truth_;
};

const std::string& one_of(const std::vector<std::string>& words, Dice& dice) {
  return words[static_cast<std::size_t>(dice.whole(0, static_cast<int>(words.size()) - 1))];
}

}  // namespace

void check_layers(Dice& dice, const Planted& planted, Tally& tally) {
  for (const ProductForm form :
       {ProductForm::squares, dice.chance(0.5) ? ProductForm::pairs : ProductForm::chosen})
    LayerCheck(dice, planted, form).run(tally);
}

void check_lanes(Dice& dice, const Planted& planted, Tally& tally) {
  const Query query = parse_vnnlib(planted.property.text(), "planted.vnnlib");
  const Clause& clause = query.clauses.back();
  const auto form = static_cast<ProductForm>(dice.whole(0, 2));
  std::vector<double> lower, upper;
  for (const InputInterval& edge : *clause.box) {
    const Ends ends = edge.proof_in(planted.network->input_type());
    lower.push_back(ends.lower);
    upper.push_back(ends.upper);
  }
  const Lowered lowered(planted.network, lower, upper, clause, form);
  if (lowered.kept.size() > 9 || lowered.kept.empty()) return;
  const Truth truth = lowered.truth(planted.x);
  const std::string name = form == ProductForm::squares ? "squares"
                           : form == ProductForm::pairs ? "pairs"
                                                        : "chosen";
  const int constraints =
      static_cast<int>(std::min<std::size_t>(clause.rows.size(), 4)) + dice.whole(0, 2);
  Batch reduced = lowered.lanes(constraints);
  LaneCheck(dice, planted, lowered, truth).run(reduced, "reduced, " + name, tally);
  std::vector<std::uint8_t> strict;
  for (const Row& row : clause.rows) strict.push_back(row.strict ? 1 : 0);
  const ForwardProblem problem(lowered.system, lowered.rows, strict, lowered.kept, lower, upper);
  Batch forward;
  forward.attach(problem, constraints);
  for (std::size_t k = 0; k < lowered.kept.size(); ++k) {
    forward.lower_x[k] = broadcast(lower[static_cast<std::size_t>(lowered.kept[k])]);
    forward.upper_x[k] = broadcast(upper[static_cast<std::size_t>(lowered.kept[k])]);
  }
  LaneCheck(dice, planted, lowered, truth).run(forward, "forward, " + name, tally);
}

void check_verdicts(Dice& dice, const Planted& planted, double seconds, Tally& tally) {
  const std::vector<std::string> splits = words_of("split"), branchings = words_of("branching");
  std::vector<std::string> clippings = words_of("clipping");
  clippings.push_back(Options().clipping);  // the default twice as often
  Way way{one_of(clippings, dice), one_of(branchings, dice),
          dice.chance(0.3) ? dice.whole(2, 4) : 1, false,
          // Long searches now and then: folding, shrinking and slices come late.
          dice.chance(0.01) ? std::min(100.0 * seconds, 10.0) : seconds, one_of(splits, dice)};
  if (dice.chance(0.03)) way.memory_gb = 0.05;  // less than the process has
  const SolveResult result = solve_text(planted.network, planted.property.text(), way);
  ++tally.solves;
  ++tally.verdicts[static_cast<std::size_t>(result.verdict)];
  if (result.verdict == Verdict::unsat)
    throw Wrong("unsat: " + result.reason + " (" + name_of(way) + ")");
}

}  // namespace clipbound::test
