#pragma once
// Idea: what the micro-benchmarks measure on: random networks of this project's own making, the
// same in every run.
// Source: own.
// Guarantees: the same networks in every run: fixed seeds.
// Legend: N inputs, U undecided neurons, K half-spaces.
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "bounds/crown/crown_bounder.h"
#include "bounds/reduced/reduce.h"
#include "bounds/reduced/reduced_network.h"
#include "specs/network/network.h"
#include "specs/query/query.h"
#include "tests/support/batch.h"
#include "tests/support/floors.h"

namespace clipbound::micro {

/// A chain of dense layers with ReLUs between.
struct Shape {
  int inputs = 5, layers = 6, width = 50, outputs = 5;
};
inline constexpr Shape kAcas{};  ///< the shape of ACAS Xu
inline constexpr Shape kWide{
    .inputs = 100, .layers = 4, .width = 256, .outputs = 10};  ///< of an MNIST network

/// Weights of variance 2 / fan-in, so that values keep their size from layer to layer.
std::shared_ptr<const Network> random_network(const Shape& shape, std::uint64_t seed = 1);

/// "Y_0 >= Y_j + lead for all j > 0" on the box 0 +- radius, one clause.
Query first_output_leads(const Shape& shape, double radius, double lead = 0.0);

/// A network lowered on the box 0 +- radius, with its bounds there and the rows of
/// first_output_leads().
struct Lowered {
  Lowered(const Shape& shape, double radius);
  std::vector<std::int64_t> all_rows() const;
  std::shared_ptr<const LayeredSystem> system;
  CrownBounder bounder;
  std::vector<double> lower, upper;
  AffineForm rows;
  CrownBounder::Bounds bounds;
};

/// A reduced network with about U undecided neurons, made as the search makes it: an ACAS-shaped
/// network on a box of the right size.
struct Reduced {
  std::shared_ptr<const ReducedNetwork> network;
  std::vector<double> lower_x, upper_x, lower_z, upper_z;
};
/// Cached: one per U.
const Reduced& reduced_network(int neurons);

/// Every lane of `bounder` (attached to reduced.network) on the whole box, nothing known but the
/// root's bounds.
void load_lanes(const Reduced& reduced, Batch& bounder);
/// K half-spaces g x + h <= 0 per lane that cut the lanes' boxes near their centres. [K, N + 1]
std::vector<Vec> cutting_halfspaces(const std::vector<Vec>& lower_x,
                                    const std::vector<Vec>& upper_x, int count,
                                    std::uint64_t seed = 7);

/// Floating-point operations of a bound() in which every neuron is unstable: multiplications and
/// additions of the substitutions alone, in all lanes.
double substitution_flops(const ReducedNetwork& network);

}  // namespace clipbound::micro
