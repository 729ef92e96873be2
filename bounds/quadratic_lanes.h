#pragma once
// Second-order bounds: every neuron as a polynomial of degree 2 in the box's coordinates, with a remainder, for kLanes boxes at once
// (Taylor models: Berz and Makino, "Verified integration of ODEs and flows using differential algebraic methods", 1998).
//
// Planes lose the curvature of every neuron apart, and these losses add up in absolute values, however much the curvatures of the network
// cancel each other. Polynomials of degree 2 add the curvatures up with their signs; only third-order terms are lost apart. So on
// small boxes of networks without kinks they are far better, on large ones useless: there planes decide (bounds/forward_lanes).
//
// Rows are combined with nonnegative multipliers before they are bounded (a counterexample has row <= 0 in all of them), curvatures and all.
//
// Legend: N columns (inputs that vary), x_i = centre_i + half_i t_i with t in [-1, 1]^N; M = 1 + N + N (N + 1) / 2 coefficients: constant,
// t_i, then t_i t_j for i <= j. S rows. Everything is Vec: one number per lane.
#include <memory>
#include <vector>

#include "bounds/forward_problem.h"
#include "bounds/lanes.h"

namespace clipbound {

class QuadraticLanes {
 public:
  explicit QuadraticLanes(std::shared_ptr<const ForwardProblem> problem);

  /// A half-space in t: normal t + offset <= 0 at all counterexamples.
  struct Halfspaces {
    int count = 0;
    const Vec* normal_x = nullptr;  ///< [count, N + 1], in x: LaneBounder::constraint
    const Vec* at_centre = nullptr;  ///< [count] normal_x centre + offset
    const Vec* size = nullptr;       ///< [count] sum of the sizes of all terms on the box
  };
  /// Where the pre-activations of a layer lie; they may hold at counterexamples only.
  struct Ranges {
    std::vector<Vec> lower, upper;
  };
  /// Bounds the rows over boxes that contain all centre +- half. ranges: one for each layer.
  void bound(const Vec* centre, const Vec* half, const Halfspaces& halfspaces, const std::vector<Ranges>& ranges);

  // ---- output ----
  Mask refuted = {};
  std::vector<Vec> row_lower;  ///< [S] over the box; -infinity or NaN where nothing is known
  std::vector<Vec> row_plane;  ///< [S, N + 1] row >= A x + b on the box, errors in b; may hold what is not finite

 private:
  /// A polynomial's coefficients are at [element * M]; |value - polynomial| <= remainder on the box, and the coefficients' sizes add
  /// up to no more than size.
  struct Source {
    std::vector<Vec> polynomial, remainder, size;
  };
  struct Spread {
    Vec linear, quadratic;  ///< sums of sizes of the coefficients of degree 1 and 2
    Vec distance;           ///< the value lies no farther than this from the constant
  };
  void fill_input(const Vec* centre, const Vec* half);
  void combine(const AffineForm& form, std::size_t i);
  Spread spread() const;
  void activate(const Activation& activation, const Ranges& ranges, Source& to, std::size_t i);
  void multiply(Source& to, std::size_t first);
  /// Linear lower bound in t of a polynomial less its remainder: slopes [N]; returns the offset.
  Vec lower_line(const Vec* polynomial, Vec remainder, Vec size, Vec* slopes) const;
  void refute(std::size_t s, const Vec* half, const Halfspaces& halfspaces);
  void write_plane(std::size_t s, const Vec* slopes, Vec offset, const Vec* centre, const Vec* half);

  std::shared_ptr<const ForwardProblem> problem_;
  std::size_t N_, M_;
  std::vector<int> column_of_;
  std::vector<Source> sources_;  // 0: input, k + 1: layer k
  std::vector<Vec> sum_;         // [M] of combine()
  Vec remainder_ = {}, size_ = {};
  std::vector<Vec> first_;       // [M] the first factor of a product
  Vec first_remainder_ = {}, first_size_ = {};
  std::vector<Vec> rows_, row_remainder_, row_size_;  // [S, M], [S], [S]
  std::vector<Vec> line_, line_offset_;               // [S, N], [S]
  std::vector<Vec> objective_, total_, multiplier_;
  double underflow_ = 0.0;
};

}  // namespace clipbound
