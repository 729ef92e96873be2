// Idea: AlphaBetaBounder's steps through products of two variables: square pairs
// (bounds/alpha_beta/square_pair.h) and McCormick products (bounds/alpha_beta/mccormick_product.h).
// Source, guarantees, legend: alpha_beta_bounder.h.
#include "bounds/alpha_beta/alpha_beta_bounder.h"

namespace clipbound::bounds {

/// Of a product's two squares the earlier layer's is the second to come by, when both coefficients
/// are known; only layers before both depend on what is computed here.
void AlphaBetaBounder::relax_square_pair(const SquarePair& pair, Live v) {
  const SparseNetwork& net = network();
  const Nonlinear squares[2] = {pair.plus, pair.minus};
  if (v != net.live_of_nonlinear(pair.plus)) return;
  CurveLanes::Squares of;
  for (int k = 0; k < 2; ++k) {
    const Unstable u = at(net.nonlinear, squares[k]).unstable;
    of.terms.g[k] = at(g_, at(net.live_of, u));
    of.alpha[k] = at(lanes.alpha_or_beta, u);
    of.terms.low[k] = at(lanes.low, u);
    of.terms.high[k] = at(lanes.high, u);
  }
  const auto relaxed = lanes.curves.relax_square_pair(pair, of);
  for (std::size_t k = 0; k < 2; ++k) {
    const Live square = net.live_of_nonlinear(squares[k]);
    const Vec p = relaxed[k].p;
    at(p_, square) = p;
    sum_ += p * at(net.constant, square);
    error_ += vabs(p) * at(net.slack, square);
  }
  nonlinear_offset_ += relaxed[0].q;
  nonlinear_magnitude_ += vabs(relaxed[0].q);
}

/// The later layer's square is the second to come by, and nothing between them depends on the
/// first.
void AlphaBetaBounder::differentiate_square_pair(const SquarePair& pair, Live v) {
  const SparseNetwork& net = network();
  const Live plus = net.live_of_nonlinear(pair.plus), minus = net.live_of_nonlinear(pair.minus);
  if (v != minus) return;
  const auto [first, second] = lanes.curves.differentiate_square_pair(
      pair, at(g_, plus), at(g_, minus), at(h_, plus), at(h_, minus),
      at(gradient, at(net.unstable_of, plus)), at(gradient, at(net.unstable_of, minus)));
  at(h_, plus) = first;
  at(h_, minus) = second;
}

/// A product depends on its operands by itself: their coefficients grow here, not by a matrix. What
/// all of this rounds is in its slack.
void AlphaBetaBounder::relax_mccormick_products(const Cone::Layer& layer) {
  const SparseNetwork& net = network();
  Vec offset = {}, error = {};
  for (const Live v : layer.products) {
    const McCormickProduct& product = at(net.products, at(net.product_of, v));
    const Vec g = at(g_, v);
    const McCormickBound bound =
        mccormick_bound(product, g, at(lanes.alpha_or_beta, net.parameter_of_product(v)));
    at(g_, product.a) += g * bound.a_slope;
    at(g_, product.b) += g * bound.b_slope;
    offset += g * bound.offset;
    error += vabs(g) * at(net.slack, v);
  }
  nonlinear_offset_ -= offset;
  error_ += error;
}

void AlphaBetaBounder::differentiate_mccormick_products(const Cone::Layer& layer) {
  const SparseNetwork& net = network();
  for (const Live v : layer.products) {
    const std::int32_t parameter = net.parameter_of_product(v);
    const McCormickProduct& product = at(net.products, at(net.product_of, v));
    const Vec g = at(g_, v), a = at(h_, product.a), b = at(h_, product.b);
    const McCormickBound bound = mccormick_bound(product, g, at(lanes.alpha_or_beta, parameter));
    at(gradient, parameter) = g * (bound.a_rate * a + product.a_width * b - bound.offset_rate);
    at(h_, v) = bound.a_slope * a + bound.b_slope * b - bound.offset;
  }
}

}  // namespace clipbound::bounds
