#pragma once
// Idea: Second-order bounds: every neuron as a polynomial of degree 2 in the box's coordinates,
// with a remainder, for kLanes boxes at once (Taylor models).
// Source: Berz and Makino, "Verified integration of ODEs and flows using differential algebraic
// methods on high-order Taylor models", 1998. Ours differs by sending remainders backward to the
// rows (below), by combining rows with multipliers before they are bounded, and by outward
// rounding.
// Guarantees: |value - polynomial| <= remainder for every element on every lane's box; rows' bounds
// follow (S8). Ranges and half-spaces may hold at counterexamples only: so then do the bounds (S9).
// Legend: N columns (inputs that vary), x_i = centre_i + half_i t_i with t in [-1, 1]^N; M = 1 + N
// + N (N + 1) / 2 coefficients: constant, t_i, then t_i t_j for i <= j. S rows. Everything is Vec:
// one number per lane.
//
// Linear bounds lose the curvature of every neuron apart, and these losses add up in absolute
// values, however much the curvatures of the network cancel each other. Polynomials of degree 2 add
// the curvatures up with their signs; only third-order terms are lost apart. So on small boxes of
// networks without kinks they are far better, on large ones useless: there linear bounds decide
// (forward_bounder).
//
// What a neuron's polynomial is wrong by is multiplied on its way to a row by what the row's
// derivative is along the box. That is a polynomial too, of which backward substitution finds the
// parts of degree 0 and 1: weights cancel in it as they do in the network (decision 20).
//
// Rows are combined with nonnegative multipliers before they are bounded (a counterexample has row
// <= 0 in all of them), curvatures and all.
#include <memory>
#include <vector>

#include "base/simd.h"
#include "bounds/forward/forward_layout.h"

namespace clipbound::bounds {

class TaylorModels {
 public:
  /// `problem` must outlive the models.
  explicit TaylorModels(const ForwardProblem& problem);

  /// A half-space in t: normal t + offset <= 0 at all counterexamples.
  struct Halfspaces {
    int count = 0;
    const Vec* normal_x = nullptr;   ///< [count, N + 1], in x: BoxBatch::halfspaces
    const Vec* at_centre = nullptr;  ///< [count] normal_x centre + offset
    const Vec* magnitude = nullptr;  ///< [count] sum of all |terms| on the box
  };
  /// Where the pre-activations of a layer lie; they may hold at counterexamples only.
  struct Ranges {
    std::vector<Vec> lower, upper;
  };
  /// Bounds the rows over boxes that contain all centre +- half. ranges: one for each layer.
  void bound(const Vec* centre, const Vec* half, const Halfspaces& halfspaces,
             const std::vector<Ranges>& ranges);

  // ---- output ----
  /// Rows over the boxes: -infinity or NaN where nothing is known; a linear bound may hold what is
  /// not finite. branching_score: about what halving an input would take off the remainder of the
  /// sum of rows that came nearest to a refutation.
  RowBounds result;
  Vec nearest = {};  ///< that sum's least value; -infinity where none was bounded

 private:
  /// Relative to the magnitudes of all terms; no polynomial here is made by more than some dozens
  /// of roundings per coefficient.
  static constexpr double kRounding = 0x1p-44;
  static constexpr double kUnderflow = 0x1p-1000;

  /// A polynomial's coefficients are at [element * M]. At [element * 2]: the remainder, |value -
  /// polynomial| <= remainder on the box, and a magnitude: the sum of the
  /// |coefficients| is no larger.
  ///
  /// With e = value - polynomial of an activation and of its z: e = (slope + tilt t + h) e_z + own
  /// error, |h e_z| <= bent. A product's e is the sum of two such terms, one for each factor's z;
  /// its own error stands at the first. e_z is the sum of weight * e over what z depends on, up
  /// to charge.
  struct Source {
    std::vector<Vec> polynomial, errors;
    std::vector<Vec> slope, tilt;   ///< [size], [size, N]
    std::vector<Vec> tilted, bent;  ///< [size] sum of |tilt| times the remainder of z; see above
    std::vector<Vec> own, charge;   ///< [size] bounds
    std::vector<Vec> coefficient;  ///< [size, N + 1] of a row's e: constant part, parts of degree 1
    Vec* polynomial_of(std::size_t element, std::size_t M) {
      return polynomial.data() + element * M;
    }
    Vec& remainder(std::size_t element) { return errors[2 * element]; }
    Vec& magnitude(std::size_t element) { return errors[2 * element + 1]; }
  };
  /// A pre-activation: its polynomial, remainder and magnitude as above.
  struct Element {
    const Vec* polynomial;
    Vec remainder, magnitude;
  };
  struct Spread {
    Vec linear, quadratic;  ///< sums of the |coefficients| of degree 1 and 2
    Vec distance;           ///< the value lies no farther than this from the constant
  };
  void fill_input(const Vec* centre, const Vec* half);
  /// A block's rows of a form into block_; charge: [the form's size].
  void combine(const AffineForm& form, const RowBlock& block, std::vector<Vec>& charge);
  void bound_layer(std::size_t k, const Ranges& ranges);
  Spread spread(const Element& z) const;
  void activate(const Activation& activation, const Ranges& ranges, const Element& z, Source& to,
                std::size_t i);
  void multiply(const Element& y, Source& to, std::size_t first);
  void bound_rows(const Vec* centre, const Vec* half, const Halfspaces& halfspaces);
  /// The remainder of sum of multiplier * row: by backward substitution, or added up where that is
  /// less.
  Vec remainder_of(const Vec* multipliers);
  Vec leave_layer(std::size_t k);
  /// What element i's own error costs a row that has coefficient [N + 1] of its activation's e; the
  /// coefficient of its z's e goes to `below`.
  Vec leave_element(const Source& of, std::size_t i, const Vec* coefficient, bool has_own,
                    bool pair, Vec* below);
  void scatter(const AffineForm& form, const RowBlock& block);
  void set_derivative(Source& of, std::size_t i, Vec slope, Vec factor, const Vec* linear,
                      Vec quadratic, Vec remainder) const;
  /// Linear lower bound in t of a polynomial less its remainder: slopes [N]; returns the offset.
  Vec lower_line(const Vec* polynomial, Vec remainder, Vec magnitude, Vec* slopes) const;
  void choose_multipliers(std::size_t s, const Vec* half, const Halfspaces& halfspaces);
  void refute(std::size_t s, const Vec* half, const Halfspaces& halfspaces);
  void write_linear_bound(std::size_t s, const Vec* slopes, Vec offset, const Vec* centre,
                          const Vec* half);

  const ForwardProblem& problem_;
  const ForwardLayout layout_;
  std::size_t N_, M_;
  std::vector<Source> sources_;     // 0: input, k + 1: layer k
  std::vector<Vec> sums_, errors_;  // [kBlockRows, M] and [kBlockRows, 2] of combine()
  std::vector<Vec> below_;          // [kBlockRows, N + 1]
  Element block_[kBlockRows] = {};
  // [M] the first factor of a product; [N + 1] the coefficient of a product.
  std::vector<Vec> first_, product_;
  Vec first_remainder_ = {};
  Mask moderate_ = {};  // where all remainders are moderate numbers
  std::vector<Vec> rows_, row_remainder_, row_magnitude_, row_charge_;  // [S, M], [S], [S], [S]
  std::vector<Vec> line_, line_offset_;                                 // [S, N], [S]
  std::vector<Vec> objective_, total_, multiplier_, score_;
};

}  // namespace clipbound::bounds
