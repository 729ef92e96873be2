#include "bounds/alpha_beta/crown_rows.h"

#include <algorithm>
#include <set>

#include "base/check.h"

namespace clipbound::bounds {

namespace {

constexpr int kVecs = Wide::kVecs;
/// g_ has at most so many elements: 77 MB where lanes are eight.
constexpr int kMostElements = 300'000;

void accumulate(const std::vector<const Cone::Part*>& parts, Wide* g) {
  for (const Cone::Part* part : parts) {
    for (const GroupedMatrix::Segment& segment : part->segments)
      part->matrix->accumulate(segment, g, g);
  }
}

}  // namespace

bool CrownRows::suits(const SparseNetwork& network) {
  return network.twins.empty() && network.live_count() <= kMostElements;
}

void CrownRows::attach(const SparseNetwork& network, const PrivateLayers& private_layers) {
  for (const Live v : written_) at(g_, v) = Wide{};
  written_.clear();
  cone_ = 0;
  network_ = &network;
  private_layers_ = &private_layers;
  ball_.attach(network.system().ball);
  g_.resize(static_cast<std::size_t>(network.live_count()), Wide{});
}

void CrownRows::plan(const Cone& cone, const SparseNetworkRows& rows) {
  const SparseNetwork& net = *network_;
  steps_.assign(cone.layers.size(), {});
  has_no_step_.assign(g_.size(), 0);
  std::set<const GroupedMatrix*> unused;
  const auto layers = static_cast<int>(cone.layers.size());
  for (int k = layers - 1; k >= 0; --k) {
    const PrivateLayer* layer = private_layers_->of(k);
    // A reader must have coefficients itself.
    if (layer == nullptr || layer->reader >= layers || at(steps_, layer->reader).is_private)
      continue;
    const SparseNetworkLayer& all = net.layer(k);
    const bool is_read = std::any_of(rows.index.begin(), rows.index.end(), [&](Live v) {
      return raw(v) >= all.first && raw(v) < all.first + all.count;
    });
    if (is_read) continue;
    at(steps_, k).is_private = true;
    std::fill_n(has_no_step_.begin() + all.first, all.count, 1);
    at(steps_, layer->reader).read.push_back(layer);
    for (const SparseNetworkBlock& block : all.blocks) unused.insert(&block.backward);
  }
  const auto used = [&](const std::vector<Cone::Part>& parts) {
    std::vector<const Cone::Part*> result;
    for (const Cone::Part& part : parts) {
      if (!unused.contains(part.matrix)) result.push_back(&part);
    }
    return result;
  };
  for (std::size_t k = 0; k < steps_.size(); ++k) {
    if (!steps_[k].is_private) steps_[k].into = used(cone.layers[k].into);
  }
  into_inputs_ = used(cone.into_inputs);
}

void CrownRows::change_cone(const Cone& cone, const SparseNetworkRows& rows) {
  if (cone.serial == cone_) return;
  for (const Live v : written_) at(g_, v) = Wide{};
  written_.clear();
  plan(cone, rows);
  for (std::size_t k = 0; k < steps_.size(); ++k) {
    if (steps_[k].is_private) continue;
    const Cone::Layer& layer = cone.layers[k];
    for (const auto* list : {&layer.unstable, &layer.active, &layer.nonlinear, &layer.products})
      written_.insert(written_.end(), list->begin(), list->end());
  }
  cone_ = cone.serial;
}

void CrownRows::start(const Cone& cone, const SparseNetworkRows& rows,
                      std::span<const std::int64_t> which, double sign) {
  change_cone(cone, rows);
  for (const Live v : written_) at(g_, v) = Wide{};
  for (const std::int32_t i : cone.inputs) at(g_, i) = Wide{};
  sum_ = offset_ = magnitude_ = error_ = Wide{};
  for (std::size_t k = 0; k < which.size(); ++k) {
    const std::int64_t r = which[k];
    for (std::int64_t j = at(rows.start, r); j < at(rows.start, r + 1); ++j) {
      const Live v = at(rows.index, j);
      CLIPBOUND_CHECK(at(has_no_step_, v) == 0);
      at(g_, v).number(k) += sign * at(rows.value, j);
    }
    sum_.number(k) = sign * at(rows.constant, r);
    error_.number(k) = at(rows.slack, r);
  }
}

inline void CrownRows::pass_on(Live v, int k, Vec p) {
  at(g_, v).of[k] = p;
  sum_.of[k] += p * at(network_->constant, v);
  error_.of[k] += vabs(p) * at(network_->slack, v);
}

/// From p as rounded, so p is a free choice.
void CrownRows::relax_relus(const Cone::Layer& layer) {
  const SparseNetwork& net = *network_;
  const Vec zero = {};
  for (const Live v : layer.unstable) {
    const Unstable u = at(net.unstable_of, v);
    const double low = at(net.lower, u), high = at(net.upper, u);
    const Vec upper_slope = broadcast(high / (high - low)),
              lower_slope = broadcast(high > -low ? 1.0 : 0.0);
    for (int k = 0; k < kVecs; ++k) {
      const Vec g = at(g_, v).of[k];
      const Vec p = g * select(g < zero, upper_slope, lower_slope);
      const Vec intercept = vmin(zero, vmin(-p * low, (g - p) * high));
      offset_.of[k] += intercept;
      magnitude_.of[k] -= intercept;
      pass_on(v, k, p);
    }
  }
  for (const Live v : layer.active) {
    for (int k = 0; k < kVecs; ++k) pass_on(v, k, at(g_, v).of[k]);
  }
}

/// As AlphaBetaBounder::centre_simplex_rows: activations that add up to 1.
void CrownRows::centre_simplex_rows(const Cone::Layer& layer) {
  const SparseNetwork& net = *network_;
  for (const std::int32_t number : layer.simplex_rows) {
    const SparseSimplexRow& row = at(net.simplex_rows, number);
    for (int k = 0; k < kVecs; ++k) {
      Vec mean = {};
      for (std::size_t j = 0; j < row.elements.size(); ++j)
        mean += row.weights[j] * at(g_, row.elements[j]).of[k];
      for (const Live v : row.elements) {
        const Vec g = at(g_, v).of[k] - mean;
        at(g_, v).of[k] = g;
        error_.of[k] += 0x1p-51 * vabs(g);  // its rounding, times an activation of at most 1
      }
      sum_.of[k] += mean;
      error_.of[k] += 4.0 * net.gamma() * vabs(mean);
    }
  }
}

/// g f(z) >= g s z + g t with the line that the sign of g asks for. A coefficient of 0 takes
/// nothing, not even where there is no line.
inline Wide CrownRows::relax_curve(Live v, const Wide& coefficient) {
  const SparseNetwork& net = *network_;
  const MiddleLines& lines = at(net.nonlinear, at(net.nonlinear_of, v)).lines;
  const double constant = at(net.constant, v), slack = at(net.slack, v);
  const Vec zero = {};
  Wide multiplier;
  for (int k = 0; k < kVecs; ++k) {
    const Vec g = coefficient.of[k];
    const Mask negative = g < zero, none = g == zero;
    const Vec p = g * select(negative, broadcast(lines.above.slope), broadcast(lines.below.slope));
    const Vec line = select(negative, broadcast(lines.above.offset), broadcast(lines.below.offset));
    const Vec q = select(none, zero, g * line);
    offset_.of[k] += q;
    magnitude_.of[k] += vabs(q);
    sum_.of[k] += p * constant;
    // The slack of an unbounded z is infinite.
    error_.of[k] += select(p == zero, zero, vabs(p) * slack);
    multiplier.of[k] = p;
  }
  return multiplier;
}

void CrownRows::relax_square_pair(const SquarePair& pair) {
  const SparseNetwork& net = *network_;
  const Nonlinear squares[2] = {pair.plus, pair.minus};
  SquarePairTerms terms;
  Live v[2];
  for (int j = 0; j < 2; ++j) {
    const Unstable u = at(net.nonlinear, squares[j]).unstable;
    v[j] = at(net.live_of, u);
    terms.low[j] = broadcast(at(net.lower, u));
    terms.high[j] = broadcast(at(net.upper, u));
  }
  for (int k = 0; k < kVecs; ++k) {
    for (int j = 0; j < 2; ++j) terms.g[j] = at(g_, v[j]).of[k];
    const Vec weight = terms.weight();
    const double by_x = 0.5 * (pair.y_low + pair.y_high), by_y = 0.5 * (pair.x_low + pair.x_high);
    terms.p[0] = 2.0 * weight * (by_y + by_x);
    terms.p[1] = 2.0 * weight * (by_x - by_y);
    const Vec together = together_below(pair, terms, [](Mask, double, double) {}),
              apart = apart_below(terms).sum, q = select(apart > together, apart, together);
    offset_.of[k] += q;
    magnitude_.of[k] += vabs(q);
    for (int j = 0; j < 2; ++j) pass_on(v[j], k, terms.p[j]);
  }
}

/// As AlphaBetaBounder::relax_mccormick_products, with the mean of both linear bounds.
inline void CrownRows::relax_product(Live v, const Wide& coefficient) {
  const SparseNetwork& net = *network_;
  const McCormickProduct& product = at(net.products, at(net.product_of, v));
  const double slack = at(net.slack, v);
  Wide &to_a = at(g_, product.a), &to_b = at(g_, product.b);
  for (int k = 0; k < kVecs; ++k) {
    const Vec g = coefficient.of[k];
    const McCormickBound bound = mccormick_bound(product, g, broadcast(0.5));
    to_a.of[k] += g * bound.a_slope;
    to_b.of[k] += g * bound.b_slope;
    offset_.of[k] -= g * bound.offset;
    error_.of[k] += vabs(g) * slack;
  }
}

void CrownRows::pass_through(const PrivateLayer& layer, Live v) {
  const PassedOn& passed = at(layer.by_reader, raw(v) - network_->layer(layer.reader).first);
  const Vec zero = {};
  Wide positive, negative;
  for (int k = 0; k < kVecs; ++k) {
    // Where p is no number, its row's sum is none either.
    const Vec p = at(g_, v).of[k], plus = vmax(p, zero), minus = vmin(p, zero), size = vabs(p);
    offset_.of[k] += plus * passed.positive.offset + minus * passed.negative.offset;
    sum_.of[k] += plus * passed.positive.constant + minus * passed.negative.constant;
    magnitude_.of[k] += size * passed.magnitude;
    error_.of[k] += size * passed.slack;
    positive.of[k] = plus;
    negative.of[k] = minus;
  }
  for (const PassedOn::Entry& entry : layer.entries_of(passed)) {
    Wide& to = at(g_, entry.source);
    for (int k = 0; k < kVecs; ++k)
      to.of[k] += positive.of[k] * entry.positive + negative.of[k] * entry.negative;
  }
}

void CrownRows::relax(const Cone::Layer& layer) {
  const SparseNetwork& net = *network_;
  relax_relus(layer);
  if (!layer.simplex_rows.empty()) centre_simplex_rows(layer);
  for (const Live v : layer.nonlinear) {
    const NonlinearNeuron& neuron = at(net.nonlinear, at(net.nonlinear_of, v));
    if (neuron.square_pair < 0) {
      at(g_, v) = relax_curve(v, at(g_, v));
      continue;
    }
    // Of a product's two squares the earlier layer's is the second to come by, when both
    // coefficients are known.
    const SquarePair& pair = at(net.square_pairs, neuron.square_pair);
    if (v == net.live_of_nonlinear(pair.plus)) relax_square_pair(pair);
  }
  for (const Live v : layer.products) relax_product(v, at(g_, v));
}

void CrownRows::add_minimum(const Cone& cone, Wide& bound) {
  const SparseNetwork& net = *network_;
  if (!ball_.active()) {
    for (const std::int32_t i : cone.inputs) {
      for (int k = 0; k < kVecs; ++k) {
        const Vec a = at(g_, i).of[k];
        bound.of[k] +=
            a * select(a < Vec{}, broadcast(at(net.upper_x, i)), broadcast(at(net.lower_x, i)));
      }
    }
    return;
  }
  ball_.restrict_to(cone.inputs);
  for (int k = 0; k < kVecs; ++k) {
    for (std::size_t j = 0; j < ball_.size(); ++j) {
      const std::int32_t i = ball_.input(j);
      ball_.set(j, at(g_, i).of[k], broadcast(at(net.lower_x, i)), broadcast(at(net.upper_x, i)));
    }
    bound.of[k] = ball_.minimum(bound.of[k]);
  }
}

void CrownRows::lower_bounds(const Cone& cone, const SparseNetworkRows& rows,
                             std::span<const std::int64_t> which, double sign, double* lower) {
  const SparseNetwork& net = *network_;
  work_ += static_cast<double>(kRows) * static_cast<double>(cone.work);
  start(cone, rows, which, sign);
  for (std::size_t k = steps_.size(); k-- > 0;) {
    const Step& step = steps_[k];
    if (step.is_private) continue;
    const Cone::Layer& layer = cone.layers[k];
    accumulate(step.into, g_.data());
    relax(layer);
    for (const PrivateLayer* read : step.read) {
      for (const auto* list : {&layer.unstable, &layer.active, &layer.nonlinear}) {
        for (const Live v : *list) pass_through(*read, v);
      }
    }
  }
  accumulate(into_inputs_, g_.data());
  const double rounding = 4.0 * net.gamma();
  Wide bound;
  for (int k = 0; k < kVecs; ++k) {
    bound.of[k] = sum_.of[k] + offset_.of[k] -
                  (error_.of[k] + rounding * magnitude_.of[k]) * (1.0 + rounding);
  }
  add_minimum(cone, bound);
  // An overflow, or NaN, proves nothing.
  for (std::size_t k = 0; k < which.size(); ++k) {
    const double found = bound.number(k);
    lower[k] = std::fabs(found) < kOverflow ? found : -kInfinity;
  }
}

}  // namespace clipbound::bounds
