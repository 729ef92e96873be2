// Idea: the proved tube of a closed loop: where position and speed can be in each of 30 steps, drawn
// as SVG.
// Source: own.
// Guarantees: whatever state the loop begins in, inside the start box, each step's position and
// speed lie between the ends that are printed, in exact real arithmetic.
//
//   example_tube [FILE.svg]
//
// A cart, position p and speed v, is pushed by a network u(p, v) of six ReLUs; a step of 0.1 s
// takes it to p' = p + 0.1 v, v' = 0.97 v + 0.1 u. k steps in a row are one network: a state goes
// past the controller's ReLUs as relu(x) - relu(-x). So range_of() bounds the k-th state over the
// start box itself, and nothing is lost between steps.
#include <clipbound/clipbound.h>
#include <clipbound/range.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

namespace {

using clipbound::DenseLayer;
using clipbound::Network;

constexpr int kSteps = 30;
const std::vector<double> kLower = {0.8, -0.2}, kUpper = {1.2, 0.2};

/// The ReLUs' inputs: six of the controller, then p, v, -p, -v.
const DenseLayer kNeurons = {
    .weights = {1.0F,  0.5F,  -1.0F, -0.5F, 0.5F, 1.0F, -0.5F, -1.0F, 1.0F, 1.0F,
                -1.0F, -1.0F, 1.0F,  0.0F,  0.0F, 1.0F, -1.0F, 0.0F,  0.0F, -1.0F},
    .bias = {0.0F, 0.0F, 0.0F, 0.0F, -1.0F, -1.0F, 0.0F, 0.0F, 0.0F, 0.0F},
    .relu = true};
/// p' and v' from these: u = -1.5 h0 + 1.5 h1 - h2 + h3 + 0.5 h4 - 0.5 h5.
const DenseLayer kNext = {
    .weights = {0.0F,   0.0F,  0.0F,  0.0F, 0.0F,  0.0F,   1.0F, 0.1F,  -1.0F, -0.1F,
                -0.15F, 0.15F, -0.1F, 0.1F, 0.05F, -0.05F, 0.0F, 0.97F, 0.0F,  -0.97F},
    .bias = {0.0F, 0.0F}};

Network loop(int steps) {
  std::vector<DenseLayer> layers;
  for (int k = 0; k < steps; ++k) {
    layers.push_back(kNeurons);
    layers.push_back(kNext);
  }
  return Network::from_layers(2, layers);
}

/// Bars of what is proved over time, and simulations; `of`: 0 position, 1 speed.
std::string drawn(const std::vector<clipbound::Ranges>& tube,
                  const std::vector<std::vector<double>>& runs, std::size_t of, double top) {
  const auto x = [](std::size_t k) { return 60.0 + 20.0 * static_cast<double>(k); };
  const auto y = [&](double value) { return top + 110.0 - 70.0 * value; };
  std::string svg;
  char line[200];
  std::snprintf(line, sizeof line,
                "<text x='8' y='%.1f'>%s</text><path d='M50 %.1fH690' stroke='currentColor'/>\n",
                top + 20.0, of == 0 ? "position" : "speed", y(0.0));
  svg += line;
  for (std::size_t k = 0; k < tube.size(); ++k) {
    const auto& range = tube[k].ranges[of];
    std::snprintf(
        line, sizeof line, "<rect x='%.1f' y='%.2f' width='16' height='%.2f' class='proved'/>\n",
        x(k + 1) - 8.0, y(range.upper.bound), 70.0 * (range.upper.bound - range.lower.bound));
    svg += line;
  }
  for (const std::vector<double>& run : runs) {
    svg += "<polyline class='run' points='";
    for (std::size_t k = 0; 2 * k < run.size(); ++k) {
      std::snprintf(line, sizeof line, "%.1f,%.2f ", x(k), y(run[2 * k + of]));
      svg += line;
    }
    svg += "'/>\n";
  }
  return svg;
}

void write(const std::string& path, const std::vector<clipbound::Ranges>& tube,
           const std::vector<std::vector<double>>& runs) {
  std::ofstream(path)
      << "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 700 500'>\n<style>svg"
         "{background:#fff;color:#1f2328;font:14px sans-serif}.proved{fill:#9ec5e8}"
         ".run{fill:none;stroke:#b2182b;stroke-width:.6}"
         "@media(prefers-color-scheme:dark){svg{background:#14171b;color:#d8dee6}"
         ".proved{fill:#2b4a68}.run{stroke:#ff7b72}}text{fill:currentColor}</style>\n"
      << drawn(tube, runs, 0, 20.0) << drawn(tube, runs, 1, 270.0) << "</svg>\n";
}

/// States of steps 0, 1, ... from one start.
std::vector<double> simulate(const Network& step, std::vector<double> state) {
  std::vector<double> run = state;
  for (int k = 0; k < kSteps; ++k) {
    state = step.evaluate(state);
    run.insert(run.end(), state.begin(), state.end());
  }
  return run;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<clipbound::Ranges> tube;
  bool fine = true;
  for (int k = 1; k <= kSteps; ++k) {
    tube.push_back(clipbound::range_of(loop(k), kLower, kUpper, {},
                                       {.gap = 0.02, .gap_absolute = 0.01, .time_limit_s = 20.0}));
    const auto& ranges = tube.back().ranges;
    std::printf("step %2d: position in [%.4f, %.4f], speed in [%.4f, %.4f]\n", k,
                ranges[0].lower.bound, ranges[0].upper.bound, ranges[1].lower.bound,
                ranges[1].upper.bound);
    fine = fine && tube.back().done();
  }
  const Network step = loop(1);
  std::vector<std::vector<double>> runs;
  for (int k = 0; k < 25; ++k) {
    const double a = 0.25 * (k % 5), b = 0.25 * static_cast<int>(k / 5);
    runs.push_back(simulate(
        step, {kLower[0] + a * (kUpper[0] - kLower[0]), kLower[1] + b * (kUpper[1] - kLower[1])}));
    // A simulation computes in float32: its rounding is not the loop's.
    for (std::size_t i = 2; i < runs.back().size(); ++i) {
      const auto& range = tube[i / 2 - 1].ranges[i % 2];
      fine = fine && runs.back()[i] >= range.lower.bound - 1e-5 &&
             runs.back()[i] <= range.upper.bound + 1e-5;
    }
  }
  if (argc > 1) write(argv[1], tube, runs);
  std::puts(fine ? "simulations stay in the tube" : "something is amiss");
  return fine ? 0 : 1;
}
