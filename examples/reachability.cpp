// Idea: reachability: where can a controlled system be after ten steps? Bounds of the controller,
// over a grid of boxes.
// Source: own.
// Guarantees: every state that can be reached lies in the boxes that are printed.
//
// A mass on a line, position p and speed v, is pushed by u = controller(p, v), a ReLU network that
// brings it to rest. One step of 0.1 s:  p' = p + 0.1 v,  v' = v + 0.1 u.  Each cell of the grid of
// start states is a box; the controller's linear bounds on it keep track of how u depends on p and
// v, which intervals alone would forget.
#include <clipbound/clipbound.h>

#include <algorithm>
#include <iostream>

namespace {

using clipbound::Bounder;
using clipbound::Bounds;

/// u = -2 p - 3 v, no stronger than 4 in either direction: clip(x, -4, 4) = relu(x + 4) - relu(x -
/// 4) - 4.
clipbound::Network make_controller() {
  return clipbound::Network::from_layers(
      2, {{.weights = {-2, -3, -2, -3}, .bias = {4, -4}, .relu = true},
          {.weights = {1, -1}, .bias = {-4}}});
}

struct Box {
  std::vector<double> lower, upper;  // position, speed
};

/// Least and largest value of a x + b over a box.
double least(const double* a, double b, const Box& box) {
  for (std::size_t i = 0; i < 2; ++i) b += std::min(a[i] * box.lower[i], a[i] * box.upper[i]);
  return b;
}

/// Where the box can be one step later. The next state is linear in the state and in u; u's planes
/// make it linear in the state. Plain float64: a proof would round outward here as well.
Box step(const Bounder& controller, const Box& box) {
  const Bounds u = controller.bounds(box.lower, box.upper, {.linear = true});
  constexpr double h = 0.1;
  Box next{{box.lower[0] + h * box.lower[1], 0.0}, {box.upper[0] + h * box.upper[1], 0.0}};
  const double low[2] = {h * u.linear.lower_A[0], 1.0 + h * u.linear.lower_A[1]};
  const double high[2] = {-h * u.linear.upper_A[0], -1.0 - h * u.linear.upper_A[1]};
  next.lower[1] = least(low, h * u.linear.lower_b[0], box);
  next.upper[1] = -least(high, -h * u.linear.upper_b[0], box);
  return next;
}

}  // namespace

int main() {
  const Bounder controller(make_controller(), std::vector<double>{-10, -10},
                           std::vector<double>{10, 10});
  constexpr int kCells = 10, kSteps = 10;
  Box reached{{10, 10}, {-10, -10}};
  for (int row = 0; row < kCells; ++row) {
    for (int column = 0; column < kCells; ++column) {
      Box box{{0.8 + 0.04 * row, -0.2 + 0.04 * column}, {0.84 + 0.04 * row, -0.16 + 0.04 * column}};
      for (int k = 0; k < kSteps; ++k) box = step(controller, box);
      for (std::size_t i = 0; i < 2; ++i) {
        reached.lower[i] = std::min(reached.lower[i], box.lower[i]);
        reached.upper[i] = std::max(reached.upper[i], box.upper[i]);
      }
    }
  }
  std::cout << "position in [" << reached.lower[0] << ", " << reached.upper[0] << "], speed in ["
            << reached.lower[1] << ", " << reached.upper[1] << "]\n";
  // What simulations of corners reach lies inside, and the bounds are no wider than is of use.
  bool fine = reached.lower[0] > -0.5 && reached.upper[0] < 1.6;
  const clipbound::Network network = make_controller();
  for (int corner = 0; corner < 4; ++corner) {
    std::vector<double> state{corner % 2 == 0 ? 0.8 : 1.2, corner / 2 == 0 ? -0.2 : 0.2};
    for (int k = 0; k < kSteps; ++k)
      state = {state[0] + 0.1 * state[1], state[1] + 0.1 * network.evaluate(state)[0]};
    std::cout << "a simulation ends at " << state[0] << ", " << state[1] << "\n";
    for (std::size_t i = 0; i < 2; ++i)
      fine = fine && state[i] >= reached.lower[i] - 1e-6 && state[i] <= reached.upper[i] + 1e-6;
  }
  return fine ? 0 : 1;
}
