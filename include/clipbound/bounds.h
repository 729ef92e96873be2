#pragma once
// Idea: bounds_of(): what a network's outputs may be on a box.
// Source: CROWN (Zhang et al. 2018) on the whole network; docs/rooms/crown.md.
// Guarantees: no input of the box has an output outside (docs/soundness.md).
// Legend: N = input_size(), M = output_size() of the network, or the number of rows C y + d where
// such are asked for; matrices row by row.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "clipbound/errors.h"
#include "clipbound/network.h"

namespace clipbound {

/// How bounds are computed. All are rigorous in real arithmetic for the weights as read (outward
/// rounding, proven error terms: docs/soundness.md); they differ in tightness and cost.
enum class BoundMethod : std::uint8_t {
  ibp,    ///< intervals through the operators (Gowal et al., arXiv 1810.12715): cheapest, loosest
  crown,  ///< linear relaxations substituted back to the input (Zhang et al., NeurIPS 2018), for
          ///< inner neurons too
  alpha   ///< the same with slopes optimised for every bound (alpha-CROWN: Xu et al., ICLR 2021):
          ///< tightest, tens of times the work
};
/// "ibp", "crown" or "alpha".
CLIPBOUND_API const char* name_of(BoundMethod method) noexcept;
/// The method of that name. Throws InputError where there is none.
CLIPBOUND_API BoundMethod bound_method(std::string_view name);

/// Rows C y + d over a network's outputs y. They are bounded backward through C, which is tighter
/// than what follows from bounds of the single outputs; the numbers are taken exactly.
struct OutputRows {
  std::vector<double> C;       ///< [rows, output_size()]
  std::vector<double> d = {};  ///< [rows]; empty: zeros
};

/// lower_A x + lower_b <= Y(x) <= upper_A x + upper_b for every real x of the box.
struct LinearBounds {
  std::vector<double> lower_A;  ///< [M, N]
  std::vector<double> lower_b;  ///< [M]
  std::vector<double> upper_A;  ///< [M, N]
  std::vector<double> upper_b;  ///< [M]
};

/// lower <= Y(x) <= upper for every real x of the box. An end is infinite where nothing is known;
/// none is NaN.
struct Bounds {
  BoundMethod method = BoundMethod::crown;  ///< by which they were computed
  std::vector<double> lower;                ///< [M]
  std::vector<double> upper;                ///< [M]
  LinearBounds linear;                      ///< empty unless asked for
};

/// Settings of bounds().
struct BoundSettings {
  BoundMethod method = BoundMethod::crown;  ///< how
  bool linear = false;  ///< compute LinearBounds too (two to three times the work)
  /// Past it inner neurons are refined no further; what comes out is sound and looser.
  double time_limit_s = 1e30;
  int slope_iterations = 20;  ///< of `alpha`
};

/// Bounds of one network on many boxes inside one large box: simplifying and lowering the network
/// is done once. For a single box use the function bounds_of(). Values; copies share what they
/// hold. Thread safety: bounds() may be called from many threads at once; each call runs in its
/// caller's thread.
class CLIPBOUND_API Bounder {
 public:
  /// Prepares for all boxes inside [lower, upper] ([N] each). Throws InputError where sizes do not
  /// fit, a number is not finite or lower > upper, Unsupported, naming the node, for operators
  /// without bounds.
  Bounder(const Network& network, std::span<const double> lower, std::span<const double> upper);
  /// The same for rows C y + d in the place of the outputs. Throws InputError where they do not fit
  /// the network, there are none, or a number is not finite.
  Bounder(const Network& network, std::span<const double> lower, std::span<const double> upper,
          const OutputRows& rows);

  /// N.
  std::size_t input_size() const;
  /// M: of the outputs or rows.
  std::size_t row_count() const;

  /// Bounds on the box [lower, upper] ([N] each). Throws InputError where sizes do not fit, lower >
  /// upper or the box does not lie inside the one that was prepared for.
  Bounds bounds(std::span<const double> lower, std::span<const double> upper,
                const BoundSettings& settings = {}) const;

  struct Implementation;  ///< the library's own

 private:
  std::shared_ptr<const Implementation> implementation_;
};

/// Bounds of the network's outputs on the box [lower, upper] ([N] each); of any other layer's
/// through Network::up_to(). Throws as Bounder does.
CLIPBOUND_API Bounds bounds_of(const Network& network, std::span<const double> lower,
                               std::span<const double> upper, const BoundSettings& settings = {});
/// The same of rows C y + d.
CLIPBOUND_API Bounds bounds_of(const Network& network, std::span<const double> lower,
                               std::span<const double> upper, const OutputRows& rows,
                               const BoundSettings& settings = {});

}  // namespace clipbound
