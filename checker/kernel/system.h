#pragma once
// Idea: the network as a proof sees it: elements in the order of computation, each an input, an
// affine combination of earlier ones, or a neuron f(z) with two slopes (docs/certificate.md).
// Source: own.
// Guarantees: add_*() keep the order: what an element depends on comes before it.
#include <gmpxx.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace clipcheck {

using Index = std::uint32_t;

/// c + sum of (value +- radius) * element.
struct AffineRow {
  std::vector<Index> elements;
  std::vector<double> values;
  std::vector<double> radii;  ///< empty: all 0
  mpq_class bias;
};

/// Elements that one operator makes, first ... first + count - 1.
struct Group {
  enum class Kind : std::uint8_t { affine, neurons } kind = Kind::affine;
  Index first = 0, count = 0;
  // Affine, by rows: terms begin[k] ... begin[k + 1] - 1.
  std::vector<std::size_t> begin = {};
  std::vector<Index> elements = {};
  std::vector<double> values = {}, radii = {};  ///< radii: of all groups' terms, or empty
  std::vector<mpq_class> bias = {};
  std::vector<double> bias_low = {}, bias_high = {};  ///< around bias; seal() fills them
  std::vector<char> run = {};  ///< whether the row's elements follow each other
  // Neurons: f(z) = negative * z for z <= 0, positive * z for z >= 0.
  std::vector<Index> pre = {};  ///< z
  double negative = 0.0, positive = 1.0;
  std::size_t layer = 0, first_neuron = 0;  ///< of all neurons
};

class System {
 public:
  explicit System(Index inputs) : inputs_(inputs), size_(inputs) {}
  /// Returns the first of the new elements.
  Index add_affine(const std::vector<AffineRow>& rows);
  Index add_neurons(const std::vector<Index>& pre, double negative, double positive);
  /// Adds to the constants of the last group, if it is affine and these are its elements.
  bool add_to_bias(const std::vector<Index>& elements, const std::vector<mpq_class>& more);
  /// To be called when it is complete.
  void seal();

  Index inputs() const { return inputs_; }
  Index size() const { return size_; }
  std::size_t neurons() const { return neurons_; }
  const std::vector<Group>& groups() const { return groups_; }
  std::size_t layers() const { return layers_.size(); }
  const Group& layer(std::size_t k) const { return groups_[layers_[k]]; }

 private:
  Index inputs_, size_;
  std::size_t neurons_ = 0;
  std::vector<Group> groups_;
  std::vector<std::size_t> layers_;  ///< their groups
};

/// sum of coefficients * variables <= threshold; what a clause asks for.
struct Row {
  struct Term {
    Index element;
    mpq_class coefficient;
    bool operator==(const Term&) const = default;
  };
  std::vector<Term> terms;
  mpq_class threshold;
  bool strict = false;
  bool operator==(const Row&) const = default;
};

/// A box and rows; a counterexample is in the box and satisfies all rows. Rounded outward.
struct Clause {
  std::vector<double> lower, upper;  ///< [inputs]
  std::vector<Row> rows;
  bool operator==(const Clause&) const = default;
};

}  // namespace clipcheck
