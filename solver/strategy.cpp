#include "solver/strategy.h"

#include <cmath>
#include <cstdio>

namespace clipbound::solver {

NetworkFeatures features_of(const LayeredSystem& system) {
  NetworkFeatures features;
  features.lowered = true;
  features.layers = system.layers.size();
  for (std::size_t k = 0; k < system.layers.size(); ++k) {
    const Curve curve = system.activations[k].curve;
    const std::int64_t size = curve == Curve::identity ? 0 : system.layers[k].size();
    features.neurons += size;
    if (curve != Curve::relu) features.never_stable += size;
    for (const auto& [source, rows] : system.layers[k].terms)
      features.weights += static_cast<std::size_t>(rows.entries());
  }
  return features;
}

double lowering_work(const LayeredSystem& system) {
  return 50.0 * static_cast<double>(features_of(system).weights);
}

double crown_work(const LayeredSystem& system) {
  const NetworkFeatures network = features_of(system);
  // Of convolutions each neuron takes a part of the weights.
  const auto neurons = static_cast<double>(std::min<std::int64_t>(network.neurons, 300) + 1);
  return neurons * static_cast<double>(network.weights);
}

namespace {

Chosen<Split> choose_split(const NetworkFeatures& network, const BoxFeatures& box,
                           SplitOption option) {
  if (option == SplitOption::inputs) return {Split::inputs, "--split inputs"};
  if (option == SplitOption::turns) return {Split::portfolio, "--split turns"};
  if (!box.has_rows)
    return {Split::portfolio, "a clause without rows holds everywhere: no phase refutes it"};
  if (option == SplitOption::neurons) return {Split::activations, "--split neurons"};
  if (network.lowered && network.layers == 0)
    return {Split::portfolio, "the network is affine: there are no phases"};
  // With N inputs a halving shrinks the box by one part in N, so that it gains nothing where there
  // are hundreds; setting a phase removes a neuron's whole relaxation whatever N is.
  return box.varying_inputs > kMostSplitInputs
             ? Chosen<Split>{Split::activations, "more than 40 inputs vary (decision 29)"}
             : Chosen<Split>{Split::portfolio, "at most 40 inputs vary (decisions 29, 30)"};
}
static_assert(kMostSplitInputs == 40, "the reasons of choose_split name it");

/// Whether boxes will surely be bounded by forward bounds: few inputs vary, and there are more
/// neurons that are never stable than a reduced network can hold.
bool surely_forward(const NetworkFeatures& network, std::size_t varying_inputs) {
  return network.never_stable > kMostReducedNeurons && varying_inputs <= kMostForwardSplitInputs;
}

Chosen<ProductForm> choose_products(Split split, bool forward) {
  if (split == Split::activations)
    return {ProductForm::squares, "alpha-beta-CROWN knows products as squares only"};
  // Squares have one scale for all boxes. Forward bounds follow thin slabs of a level set, where
  // one factor next to stands still.
  if (forward)
    return {ProductForm::pairs, "forward bounds: half as many subproblems (decision 17)"};
  return {ProductForm::chosen, "squares where one scale suits all boxes (decisions 15, 16)"};
}

Chosen<Engine> choose_engine(Split split, bool forward) {
  if (split == Split::activations) return {Engine::alpha_beta, "the activation split's engine"};
  if (forward)
    return {Engine::forward, "more than 400 neurons are never stable, and at most 10 inputs vary"};
  return {
      Engine::by_box,
      "reduced where at most 400 neurons are unstable, twins counted once (decisions 28, 61); else "
      "forward where at most 10 inputs vary and the network has other neurons than ReLUs or 3e6 "
      "weights; else coarse"};
}
static_assert(kMostReducedNeurons == 400 && kMostForwardSplitInputs == 10 &&
                  strategy::kLargeNetwork == 3000000,
              "the reasons of choose_engine name them");

Budgets choose_budgets(Split split, SplitOption option) {
  if (split != Split::portfolio) return {};
  if (option == SplitOption::turns) return {0.0, false};
  return {strategy::kFirstInputSlice_s, true};
}

const char* name_of(ProductForm form) {
  switch (form) {
    case ProductForm::squares: return "squares";
    case ProductForm::pairs: return "pairs";
    case ProductForm::chosen: break;
  }
  return "chosen one by one";
}

std::string seconds(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g s", value);
  return text;
}

std::string budgets_text(const Plan& plan) {
  if (plan.split.value == Split::inputs) return "all of the time for the input split";
  if (plan.split.value == Split::activations)
    return "passes over the neurons take at most " + seconds(strategy::kLongestPass_s) + " and " +
           std::to_string(std::lround(100.0 * strategy::kPassShare)) +
           " % of the time that is left";
  return "first time slice of the input split " + seconds(plan.budgets.first_input_slice_s) +
         (plan.budgets.as_long_as_root ? ", or as long as the root bounds took" : "") +
         "; then slices double";
}

}  // namespace

Plan plan_for(const NetworkFeatures& network, const BoxFeatures& box, const Options& options) {
  const SplitOption option = split_of(options);
  const Chosen<Split> split = choose_split(network, box, option);
  const bool forward =
      split.value != Split::activations && surely_forward(network, box.varying_inputs);
  return {split, choose_products(split.value, forward), choose_engine(split.value, forward),
          choose_budgets(split.value, option)};
}

Engine engine_for(const NetworkFeatures& network, std::size_t varying_inputs,
                  std::int64_t unstable) {
  if (unstable <= kMostReducedNeurons) return Engine::reduced;
  const bool splits_do_not_help =
      network.never_stable > 0 || network.weights > strategy::kLargeNetwork;
  return varying_inputs <= kMostForwardSplitInputs && splits_do_not_help ? Engine::forward
                                                                         : Engine::coarse;
}

double first_attack_s(double multiplications) {
  return std::clamp(strategy::kFirstAttackPoints * multiplications / strategy::kWorkPerSecond,
                    strategy::kShortestFirstAttack_s, strategy::kLongestFirstAttack_s);
}
double root_attack_s(double root_s) {
  return std::clamp(strategy::kRootAttackShare * root_s, strategy::kShortestAttack_s,
                    strategy::kLongestAttack_s);
}
double case_attack_s(double remaining_s) {
  return std::clamp(strategy::kCaseAttackShare * remaining_s, strategy::kShortestAttack_s,
                    strategy::kLongestAttack_s);
}
double blind_attack_s(double remaining_s) {
  return std::min(strategy::kLongestBlindAttack_s, remaining_s);
}

const char* name_of(Split split) {
  switch (split) {
    case Split::inputs: return "inputs";
    case Split::portfolio: return "portfolio of inputs and activations";
    case Split::activations: break;
  }
  return "activations";
}

const char* name_of(Engine engine) {
  switch (engine) {
    case Engine::alpha_beta: return "alpha-beta-CROWN";
    case Engine::reduced: return "reduced network";
    case Engine::forward: return "forward bounds";
    case Engine::coarse: return "coarse boxes";
    case Engine::by_box: break;
  }
  return "chosen box by box";
}

namespace {

std::string clock_text(const Options& options) {
  if (options.deterministic) return "clock: choices count work, not time";
  return std::string(
             "clock: time decides how long attacks, time slices, passes over the neurons and ") +
         "replays last, and when refining pays (--deterministic: work does)";
}

}  // namespace

std::vector<std::string> explain(const Plan& plan, const NetworkFeatures& network,
                                 const BoxFeatures& box, const Options& options) {
  std::string features = std::to_string(box.varying_inputs) + " inputs vary";
  if (network.lowered)
    features += ", " + std::to_string(network.layers) + " layers, " +
                std::to_string(network.neurons) + " neurons, of these " +
                std::to_string(network.never_stable) + " never stable, " +
                std::to_string(network.weights) + " weights";
  return {"features: " + features,
          std::string("split: ") + name_of(plan.split.value) + " - " + plan.split.because,
          std::string("products: ") + name_of(plan.products.value) + " - " + plan.products.because,
          std::string("engine: ") + name_of(plan.engine.value) + " - " + plan.engine.because,
          "budgets: " + budgets_text(plan),
          clock_text(options)};
}

}  // namespace clipbound::solver
