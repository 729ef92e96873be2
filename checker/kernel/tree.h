#pragma once
// Idea: the rules: each record of a clause's tree changes the scope or closes it.
// Source: docs/certificate.md, "Meaning".
// Guarantees: check() returns only where no point of the scope that it is given satisfies all
// constraints of the clause.
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "checker/kernel/scope.h"
#include "checker/kernel/stream.h"
#include "checker/kernel/substitution.h"

namespace clipcheck {

/// What a proof consisted of.
struct Counts {
  std::uint64_t leaves = 0, splits = 0, bounds = 0, constraints = 0;
  void operator+=(const Counts& more) {
    leaves += more.leaves;
    splits += more.splits;
    bounds += more.bounds;
    constraints += more.constraints;
  }
};

/// Who checks subtrees that can be checked apart.
template <class T>
class Apart {
 public:
  virtual ~Apart() = default;
  /// True where a subtree of so many bytes is to be given to check().
  virtual bool wants(std::uint64_t length) = 0;
  virtual void check(std::vector<std::uint8_t> records, std::uint64_t offset, Scope<T> scope) = 0;
};

template <class T>
class TreeChecker {
 public:
  TreeChecker(const System& system, Stream& stream, Apart<T>* apart = nullptr)
      : system_(system), stream_(stream), apart_(apart), form_(system) {}

  /// Reads one tree. Throws Refused where it does not prove that `scope` has no counterexample.
  void check(Scope<T> scope);
  const Counts& counts() const { return counts_; }

 private:
  bool step(std::uint8_t tag);
  bool split_input();
  bool split_neuron();
  void bound_layer();
  void bound_listed();
  void bound(const Group& group, Index k, bool upper);
  void choose_slopes();
  void add_constraint();
  void add_constraint(Scope<T>& scope, Constraint<T> constraint);
  void cut_edges();
  void subtree();
  void leaf();
  void close();
  void keep_bounds();
  void take_bounds();
  /// Adds mults to the form; says whether a strict constraint is among them.
  bool add_multipliers();
  void push(Scope<T> other);

  const System& system_;
  Stream& stream_;
  Apart<T>* apart_;
  Substitution<T> form_;
  Scope<T> scope_;
  std::vector<Scope<T>> open_;                               // second sides
  std::vector<std::pair<std::size_t, std::uint64_t>> ends_;  // of trees with J: open scopes, offset
  bool closed_ = false;
  bool of_box_alone_ = true;    // nothing but the box has entered the scope's bounds
  std::optional<Bounds> kept_;  // of a box: bounds into which nothing else entered
  std::vector<float> kept_slopes_;
  Counts counts_;
};

}  // namespace clipcheck
