#pragma once
// Idea: affine arithmetic through a network: a value is a centre and multiples of noise that all
// values share, so that what cancels between neurons cancels. Each unstable ReLU adds a noise of
// its own. What is no part of that (roundings, radii, ReLUs that were given no noise) is an error
// that is known element by element and by its Euclidean norm: layers multiply norms by their own
// norm, which is far less than what they multiply sums of sizes by.
// Source: affine arithmetic (de Figueiredo and Stolfi 2004); zonotopes for networks (Singh et al.,
//   NeurIPS 2018). Errors by norms, apart from the zonotope: own.
// Guarantees: for every x of the box there is a noise in [-1, 1]^K with |z - (centre + G noise)| <=
//   error, element by element, and <= norm together (S8).
// Legend: K noises; a value is [size, K + 1] row-major (G | centre).
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "bounds/layered/enclose.h"
#include "bounds/layered/layered_system.h"

namespace clipbound::bounds {

struct Zonotope {
  std::size_t noises = 0;     ///< K
  std::vector<double> value;  ///< [size, K + 1]
  std::vector<double> error;  ///< [size]
  double norm = 0.0;          ///< Euclidean, of all errors

  std::size_t size() const { return error.size(); }
  std::size_t width() const { return noises + 1; }
};

class ZonotopePass {
 public:
  /// The box of a system's inputs. ReLUs get noises up to `most_noises` of all.
  ZonotopePass(const std::vector<double>& lower, const std::vector<double>& upper,
               std::size_t most_noises);

  /// Of a form over the sources so far; empty (size 0) where nothing useful is known any more.
  Zonotope affine(const AffineForm& form) const;
  /// Adds a source: the activations of layer `layer`, whose pre-activations are z, and lie in
  /// `range`.
  void add_layer(int layer, const Activation& activation, const Zonotope& z,
                 const IntervalVector& range);
  /// Drops all sources but some.
  void keep(const std::set<int>& sources) {
    std::erase_if(sources_, [&](const auto& of) { return !sources.contains(of.first); });
  }

  /// From here to end_maxima() layers are the steps of maxima of a form's elements. A maximum moves
  /// no further than one of its elements, so that their errors stay out of the steps and are added
  /// in the end. What the steps are is off by twice error_of_steps() beside.
  void begin_maxima(const AffineForm& form);
  double error_of_steps() const { return maxima_ ? maxima_->largest : 0.0; }
  /// z: the maxima as they came out; [taps][maxima] the form's elements that they are of, which may
  /// repeat. No step may be read again.
  void end_maxima(const std::vector<std::vector<std::int64_t>>& taps, Zonotope& z);
  /// Gives the sources their errors back where maxima have begun that became no layer, because they
  /// are constants. Steps are forgotten, as they lack these errors.
  void leave_maxima();

 private:
  struct Maxima {
    std::vector<double> error;  ///< of the form's elements
    double norm, largest;
    std::map<int, std::pair<std::vector<double>, double>> errors;  ///< of all sources
  };
  Zonotope relu(const Zonotope& z);

  std::map<int, Zonotope> sources_;
  std::size_t noises_ = 0, most_noises_;
  std::optional<Maxima> maxima_;
};

/// The interval of every element; rigorous. What has overflowed is unbounded.
IntervalVector concretize(const Zonotope& z);

}  // namespace clipbound::bounds
