#include "solver/activation_split/branching.h"

#include <algorithm>
#include <cmath>

#include "base/word_table.h"

namespace clipbound::solver {

namespace {

/// Relative width of a nonlinear neuron's range that may be split.
constexpr double kNarrowest = 1e-6;

constexpr BranchingStrategy kBranchingStrategies[] = {
    {"auto", {{largest_gap_score, kCandidates / 2}, {corner_gap_score, kCandidates}}},
};

/// Nothing where a split promises nothing.
std::optional<NeuronView> view(const SubproblemLanes& of, Unstable u, int lane) {
  const AlphaBetaLanes& lanes = of.bounder.lanes;
  if (lanes.has_phase(lane, u)) return std::nullopt;
  const Live v = at(of.network.live_of, u);
  const double g = at(of.bounder.coefficients(), v)[lane], l = lanes.lower_of(lane, u),
               h = lanes.upper_of(lane, u), value = at(of.bounder.values(), v)[lane];
  if (const Nonlinear c = at(of.network.nonlinear_of, v); exists(c)) {
    if (!(h - l > kNarrowest * (std::fabs(l) + std::fabs(h))) || !(h - l < kOverflow))
      return std::nullopt;
    const double gap = std::fabs(g) * lanes.curves.gap(c, lane, l, h);
    if (!(gap > 0.0)) return std::nullopt;
    return NeuronView{u, g, l, h, gap, value, 0.0, c, &lanes.curves, lane};
  }
  const double slope = g < 0.0 ? h / (h - l) : at(lanes.alpha_or_beta, u)[lane];
  const double gap =
      g < 0.0 ? g * l * h / (h - l) : g * (slope > 0.5 ? (1.0 - slope) * h : slope * -l);
  return NeuronView{u,
                    g,
                    l,
                    h,
                    gap,
                    value,
                    slope,
                    Nonlinear{-1},
                    nullptr,
                    lane,
                    of.bounder.difference_gap(u, lane),
                    of.bounder.difference_gap_at_corner(u, lane)};
}

/// Where a child's multiplier starts, so that its bound is the parent's or better: the line stays
/// as it is for positive coefficients; for negative ones the ReLU's own line in the phase lies
/// above the chord.
double start_of(const SubproblemLanes& of, int lane, Unstable u, SplitSide side) {
  const double g = at(of.bounder.coefficients(), at(of.network.live_of, u))[lane],
               slope = at(of.bounder.lanes.alpha_or_beta, u)[lane];
  return g <= 0.0 ? 0.0 : side == SplitSide::upper ? (1.0 - slope) * g : slope * g;
}

/// Bounds both children of every candidate: lane 2 c of the probe is candidate c's lower child.
Vec bound_children(SubproblemLanes& of, const std::vector<Unstable>& candidates,
                   const ActivationSubproblem& parent, int lane) {
  const LaneRows rows = of.begin_probe(lane, parent.row);
  for (int k = 0; k < kLanes; ++k) {
    const Unstable neuron = candidates[static_cast<std::size_t>(k / 2) % candidates.size()];
    const SplitSide side = kSplitSides[k % 2];
    if (of.bounder.lanes.is_nonlinear(neuron)) {
      const auto [low, high] = of.part_of(lane, neuron, side);
      of.probe.restrict_nonlinear_as_in(of.bounder, lane, k, neuron, low, high);
      continue;
    }
    of.probe.lanes.set_phase(k, neuron, phase_of_side(side));
    at(of.probe.lanes.alpha_or_beta, neuron)[k] = start_of(of, lane, neuron, side);
  }
  return of.probe.lower_bound(of.cone, rows);
}

}  // namespace

double largest_gap_score(const NeuronView& neuron) {
  return neuron.largest_gap + neuron.difference_gap;
}

double corner_gap_score(const NeuronView& neuron) {
  const double g = neuron.coefficient;
  if (exists(neuron.nonlinear)) {
    const double z = neuron.curves->z_at_corner(neuron.nonlinear, neuron.lane);
    return std::fabs(g) * neuron.curves->gap_at(neuron.nonlinear, neuron.lane,
                                                std::clamp(z, neuron.lower, neuron.upper));
  }
  const double z =
      neuron.slope > 0.0 ? neuron.value / neuron.slope + (g < 0.0 ? neuron.lower : 0.0) : 0.0;
  return std::fabs(g * (std::max(z, 0.0) - neuron.value)) + neuron.difference_gap_at_corner;
}

const BranchingStrategy& branching_strategy(std::string_view word) {
  const BranchingStrategy* strategy = row_of_word(kBranchingStrategies, word);
  return strategy != nullptr ? *strategy : kBranchingStrategies[0];
}

std::vector<Unstable> choose_candidates(const BranchingStrategy& strategy,
                                        const SubproblemLanes& lanes, int lane) {
  struct Scored {
    double score[kBranchingRules];
    Unstable neuron;
  };
  std::vector<Scored> list;
  for (const Unstable u : lanes.unstable) {
    const std::optional<NeuronView> neuron = view(lanes, u, lane);
    if (neuron)
      list.push_back({{strategy.rules[0].score(*neuron), strategy.rules[1].score(*neuron)}, u});
  }
  std::vector<Unstable> chosen;
  for (std::size_t r = 0; r < kBranchingRules; ++r) {
    const std::size_t count =
        std::min(static_cast<std::size_t>(strategy.rules[r].most), list.size());
    std::partial_sort(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(count), list.end(),
                      [r](const Scored& a, const Scored& b) { return a.score[r] > b.score[r]; });
    for (std::size_t k = 0; k < count && chosen.size() < static_cast<std::size_t>(kCandidates);
         ++k) {
      if (std::find(chosen.begin(), chosen.end(), list[k].neuron) == chosen.end())
        chosen.push_back(list[k].neuron);
    }
  }
  return chosen;
}

namespace {

/// The product of what both children gain.
double score_of(const ActivationSubproblem& parent, double lower, double upper) {
  const double floor = 1e-9 * std::fabs(parent.bound);
  const auto gain = [&](double b) { return std::max(std::min(b, 0.0) - parent.bound, floor); };
  return gain(lower) * gain(upper);
}

std::shared_ptr<const InputBox> half_of(const InputBox& box, std::int32_t input, SplitSide side) {
  auto half = std::make_shared<InputBox>(box);
  const double middle = 0.5 * at(box.lower, input) + 0.5 * at(box.upper, input);
  (side == SplitSide::lower ? at(half->upper, input) : at(half->lower, input)) = middle;
  return half;
}

/// The inputs that move the largest gaps most, at most kCandidates; none where boxes are not
/// halved.
std::vector<std::int32_t> choose_inputs(const SubproblemLanes& lanes, const InputBox& box,
                                        int lane) {
  constexpr std::size_t kGaps = 128;
  constexpr double kLeastPart = 1e-3;  // of the whole box, that may be halved
  const InputLines& lines = *lanes.problem.lines;
  std::vector<std::pair<double, std::int32_t>> list;
  const std::vector<Unstable> neurons = lanes.bounder.largest_gaps(lanes.cone, lane, kGaps);
  for (const std::int32_t i : lines.inputs()) {
    const double width = at(box.upper, i) - at(box.lower, i);
    if (!(width > kLeastPart * (at(lanes.network.upper_x, i) - at(lanes.network.lower_x, i))))
      continue;
    double score = 0.0;
    for (const Unstable u : neurons) {
      const double range =
          lanes.bounder.lanes.upper_of(lane, u) - lanes.bounder.lanes.lower_of(lane, u);
      const double gap = lanes.bounder.relaxation_gap(at(lanes.network.live_of, u), lane);
      if (range > 0.0) score += gap * std::min(1.0, lines.influence(u, i, box) / range);
    }
    list.emplace_back(-score, i);
  }
  std::sort(list.begin(), list.end());
  std::vector<std::int32_t> inputs;
  for (const auto& [score, i] : list) {
    if (inputs.size() < static_cast<std::size_t>(kCandidates)) inputs.push_back(i);
  }
  return inputs;
}

/// The best halving, if it gains more than `score`.
std::optional<ChosenSplit> choose_halving(SubproblemLanes& lanes,
                                          const ActivationSubproblem& parent, int lane,
                                          double score) {
  if (lanes.problem.lines == nullptr) return std::nullopt;
  const InputBox whole{lanes.network.lower_x, lanes.network.upper_x};
  const InputBox& box = parent.box != nullptr ? *parent.box : whole;
  const std::vector<std::int32_t> inputs = choose_inputs(lanes, box, lane);
  if (inputs.empty()) return std::nullopt;
  const LaneRows rows = lanes.begin_probe(lane, parent.row);
  std::shared_ptr<const InputBox> halves[kLanes];
  for (int k = 0; k < kLanes; ++k) {
    const std::int32_t input = inputs[static_cast<std::size_t>(k / 2) % inputs.size()];
    halves[k] = half_of(box, input, kSplitSides[k % 2]);
    lanes.load_box(lanes.probe.lanes, *halves[k], k);
  }
  const Vec bound = lanes.probe.lower_bound(lanes.cone, rows);
  std::optional<ChosenSplit> best;
  for (int c = 0; c < static_cast<int>(inputs.size()); ++c) {
    const double s = score_of(parent, bound[2 * c], bound[2 * c + 1]);
    if (!(s > score)) continue;
    score = s;
    best = ChosenSplit{Unstable{-1},
                       {halves[2 * c], halves[2 * c + 1]},
                       {bound[2 * c], bound[2 * c + 1]},
                       {0.0F, 0.0F}};
  }
  return best;
}

}  // namespace

std::optional<ChosenSplit> choose_split(const BranchingStrategy& strategy, SubproblemLanes& lanes,
                                        const ActivationSubproblem& parent, int lane) {
  const std::vector<Unstable> candidates = choose_candidates(strategy, lanes, lane);
  // Without a neuron to decide the rows are linear: halving would go on along the points at which
  // they touch their thresholds, and the program of all rows is exact.
  if (candidates.empty()) return std::nullopt;
  const Vec bound = bound_children(lanes, candidates, parent, lane);
  int best = 0;
  double best_score = -1.0;
  for (int c = 0; c < static_cast<int>(candidates.size()); ++c) {
    const double score = score_of(parent, bound[2 * c], bound[2 * c + 1]);
    if (score > best_score) {
      best_score = score;
      best = c;
    }
  }
  const Unstable neuron = at(candidates, best);
  const Vec& starts = at(lanes.probe.lanes.alpha_or_beta, neuron);
  const ChosenSplit of_neuron{
      neuron,
      {},
      {bound[2 * best], bound[2 * best + 1]},
      {static_cast<float>(starts[2 * best]), static_cast<float>(starts[2 * best + 1])}};
  // Decisions on neurons come to an end, and halvings only narrow: they have to gain twice as much,
  // and where few neurons are left these are all that is wanted.
  if (candidates.size() < static_cast<std::size_t>(kCandidates)) return of_neuron;
  const std::optional<ChosenSplit> halving = choose_halving(lanes, parent, lane, 2.0 * best_score);
  return halving ? *halving : of_neuron;
}

}  // namespace clipbound::solver
