// Products of two variables in the lane sweeps: pairs of squares (bounds/alpha_beta/square_pair.h),
// and joined ones (bounds/alpha_beta/mccormick_product.h).
#include "bounds/alpha_beta/alpha_beta_bounder.h"

namespace clipbound::bounds {

namespace {

std::size_t at(std::int32_t i) {
  return static_cast<std::size_t>(i);
}

}  // namespace

/// Of a product's two squares the earlier layer's is the second to come by, when both coefficients
/// are known; only layers before both read what is made here.
void AlphaBetaBounder::relax_product(const SquarePair& pair, std::int32_t place) {
  const SparseNetwork& net = *network_;
  const std::size_t slots[2] = {at(net.curved_slots[at(pair.plus)]),
                                at(net.curved_slots[at(pair.minus)])};
  const std::int32_t places[2] = {net.place_of[slots[0]], net.place_of[slots[1]]};
  if (place != places[0]) return;
  CurveLanes::Squares squares;
  for (std::size_t k = 0; k < 2; ++k) {
    squares.g[k] = g_[at(places[k])];
    squares.theta[k] = theta[slots[k]];
    squares.low[k] = low_[slots[k]];
    squares.high[k] = high_[slots[k]];
  }
  const auto relaxed = curves_.relax_pair(pair, squares);
  for (std::size_t k = 0; k < 2; ++k) {
    const std::size_t v = at(places[k]);
    const Vec p = relaxed[k].p;
    p_[v] = p;
    sum_ += p * net.constant[v];
    error_ += vabs(p) * net.slack[v];
  }
  curved_ += relaxed[0].q;
  curved_size_ += vabs(relaxed[0].q);
}

/// The later layer's square is the second to come by, and nothing between them reads the first.
void AlphaBetaBounder::differentiate_product(const SquarePair& pair, std::int32_t place) {
  const std::size_t slots[2] = {at(network_->curved_slots[at(pair.plus)]),
                                at(network_->curved_slots[at(pair.minus)])};
  const std::size_t plus = at(network_->place_of[slots[0]]),
                    minus = at(network_->place_of[slots[1]]);
  if (at(place) != minus) return;
  const auto [first, second] = curves_.differentiate_pair(
      pair, g_[plus], g_[minus], h_[plus], h_[minus], gradient[slots[0]], gradient[slots[1]]);
  h_[plus] = first;
  h_[minus] = second;
}

/// A product reads its operands by itself: their coefficients grow here, not by a matrix. What all
/// of this rounds is in its slack.
void AlphaBetaBounder::relax_joined(const Cone::Layer& layer) {
  const SparseNetwork& net = *network_;
  const std::size_t first = at(net.slots());
  Vec offset = {}, error = {};
  for (const std::int32_t v : layer.products) {
    const std::size_t number = at(net.joined_of[at(v)]);
    const McCormickProduct& product = net.products[number];
    const Vec g = g_[at(v)];
    const McCormickPlane plane = plane_of(product, g, theta[first + number]);
    g_[at(product.a)] += g * plane.a_slope;
    g_[at(product.b)] += g * plane.b_slope;
    offset += g * plane.offset;
    error += vabs(g) * net.slack[at(v)];
  }
  curved_ -= offset;
  error_ += error;
}

void AlphaBetaBounder::differentiate_joined(const Cone::Layer& layer) {
  const SparseNetwork& net = *network_;
  const std::size_t first = at(net.slots());
  for (const std::int32_t v : layer.products) {
    const std::size_t number = at(net.joined_of[at(v)]);
    const McCormickProduct& product = net.products[number];
    const Vec g = g_[at(v)], a = h_[at(product.a)], b = h_[at(product.b)];
    const McCormickPlane plane = plane_of(product, g, theta[first + number]);
    gradient[first + number] = g * (plane.a_rate * a + product.a_width * b - plane.offset_rate);
    h_[at(v)] = plane.a_slope * a + plane.b_slope * b - plane.offset;
  }
}

}  // namespace clipbound::bounds
