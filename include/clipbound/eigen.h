#pragma once
// Idea: the library for callers whose vectors and matrices are Eigen's: networks from weight
// matrices, boxes, rows C y <= d; bounds and counterexamples as vectors. docs/eigen.md has
// examples.
// Source: Eigen 3.3 or later (Debian: libeigen3-dev), which only the includer needs.
// Guarantees: numbers are copied and keep their values; Box::around() alone rounds, outward.
// Legend: N = inputs, M = outputs of the network, K = rows of a matrix C.
//
// Arguments may be any Eigen expression: vectors, rows, blocks, Map, Ref, a + b, A * x, arrays,
// stored by rows or by columns; where it says "dense or sparse", Eigen::SparseMatrix as well.
// What is returned is Eigen::VectorXd and Eigen::MatrixXd. Nothing refers to an argument after the
// call. Thread safety is that of the functions of the same names in clipbound.h.
#include <Eigen/Core>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "clipbound/bounds.h"
#include "clipbound/eigen_convert.h"
#include "clipbound/errors.h"
#include "clipbound/network.h"
#include "clipbound/query.h"
#include "clipbound/robustness.h"
#include "clipbound/solve.h"

/// Clipbound with Eigen's types.
namespace clipbound::eigen {

// ---- Networks

/// A matrix or vector as a constant of a graph: [rows, cols] where both may vary, [size] for what
/// is a vector (or row) by its type. Dense or sparse, float or double. Throws InputError where a
/// number is not finite.
template <typename Derived>
GraphBuilder::Value constant(GraphBuilder& graph, const Eigen::EigenBase<Derived>& m) {
  using Scalar = typename Derived::Scalar;
  static_assert(std::is_same_v<Scalar, float> || std::is_same_v<Scalar, double>,
                "constants are of float or double");
  constexpr bool kIsVector = Derived::RowsAtCompileTime == 1 || Derived::ColsAtCompileTime == 1;
  std::vector<std::int64_t> shape{m.rows(), m.cols()};
  if constexpr (kIsVector) shape = {m.rows() * m.cols()};
  return graph.constant(std::move(shape), detail::finite_values("a constant", m));
}

/// Builds a chain of layers, y = f(W x + b). Scalar is float or double, the network's precision.
///
///   const Network network = ChainBuilder<float>(2).affine(W0, b0).relu().affine(W1, b1).build();
///
/// Other graphs are built with GraphBuilder and constant(). Where a member throws, the chain is as
/// it was before. Used by one thread at a time.
template <typename Scalar>
class ChainBuilder {
  static_assert(std::is_same_v<Scalar, float> || std::is_same_v<Scalar, double>,
                "a network computes in float or double");

 public:
  /// A chain on `inputs` inputs. Throws InputError where there are none.
  explicit ChainBuilder(std::size_t inputs) : inputs_(inputs) { start(); }

  /// Appends W x + b: W [outputs, size()], dense or sparse (which is stored densely: zeros cost
  /// nothing in bounds), b [outputs]. Both are of type Scalar; cast<Scalar>() says in the caller's
  /// code that weights are rounded. Throws InputError where sizes do not fit or a number is not
  /// finite.
  template <typename W, typename B>
  ChainBuilder& affine(const Eigen::EigenBase<W>& weights, const Eigen::DenseBase<B>& bias) {
    static_assert(
        std::is_same_v<typename W::Scalar, Scalar> && std::is_same_v<typename B::Scalar, Scalar>,
        "weights and biases are of the network's type; cast<Scalar>() rounds them to it");
    const std::string layer = "layer " + std::to_string(layers_);
    if (weights.rows() == 0 || static_cast<std::size_t>(weights.cols()) != size_) {
      throw InputError("the weights of " + layer + " are " + detail::size_of(weights) +
                       ", expected a row per output and " + std::to_string(size_) +
                       " columns, one per number of what it reads");
    }
    if (bias.rows() != 1 && bias.cols() != 1) {
      throw InputError("the bias of " + layer + " is " + detail::size_of(bias) +
                       ", expected a vector");
    }
    detail::check_size("the bias of " + layer, bias.size(),
                       static_cast<std::size_t>(weights.rows()), "a number per row of weights");
    std::vector<Scalar> w = detail::finite_values("the matrix of weights of " + layer, weights),
                        b = detail::finite_values("the bias of " + layer, bias);
    const auto matrix = graph_.constant({weights.rows(), weights.cols()}, std::move(w));
    const auto offset = graph_.constant({weights.rows()}, std::move(b));
    value_ = graph_.add("Gemm", {value_, matrix, offset}, {{"transB", std::int64_t{1}}});
    size_ = static_cast<std::size_t>(weights.rows());
    ++layers_;
    return *this;
  }

  /// Appends an operator of one input by its ONNX name: apply("Sigmoid"), apply("LeakyRelu",
  /// {{"alpha", 0.1}}). Throws as GraphBuilder::add() does, and InputError where the result is no
  /// vector, [1, size].
  ChainBuilder& apply(std::string_view op, const std::vector<Attribute>& attributes = {}) {
    const GraphBuilder::Value next = graph_.add(op, {value_}, attributes);
    const std::vector<std::int64_t> shape = graph_.shape(next);
    if (shape.size() != 2 || shape[0] != 1)
      throw InputError(std::string(op) + " does not give a vector, [1, size]");
    value_ = next;
    size_ = static_cast<std::size_t>(shape[1]);
    ++layers_;
    return *this;
  }
  /// Appends max(0, .).
  ChainBuilder& relu() { return apply("Relu"); }

  /// How many numbers the last layer gives; the inputs before there is one.
  std::size_t size() const { return size_; }

  /// The network; the chain is empty afterwards. Throws InputError where it is empty.
  Network build() {
    if (layers_ == 0) throw InputError("a network needs at least one layer");
    graph_.output(value_);
    Network network = graph_.build();
    start();
    return network;
  }

 private:
  void start() {
    constexpr auto kMost = static_cast<std::size_t>(std::numeric_limits<std::int32_t>::max());
    if (inputs_ == 0 || inputs_ > kMost)
      throw InputError("a network needs between 1 and 2^31 - 1 inputs");
    value_ =
        graph_.input("X", {1, static_cast<std::int64_t>(inputs_)}, std::is_same_v<Scalar, double>);
    size_ = inputs_;
    layers_ = 0;
  }

  GraphBuilder graph_;
  GraphBuilder::Value value_ = GraphBuilder::Value::none;
  std::size_t inputs_, size_ = 0;
  int layers_ = 0;
};

/// The chain of all layers W_k x + b_k with `activation` (an ONNX name) between them and none after
/// the last. W: vectors of matrices, dense or sparse, of float or double, which is the network's
/// precision; b: as many vectors. Throws as ChainBuilder does.
template <typename W, typename B>
Network network_of(const std::vector<W>& weights, const std::vector<B>& biases,
                   std::string_view activation = "Relu") {
  if (weights.empty()) throw InputError("a network needs at least one layer");
  detail::check_size("the list of biases", static_cast<Eigen::Index>(biases.size()), weights.size(),
                     "one per matrix of weights");
  ChainBuilder<typename W::Scalar> chain(static_cast<std::size_t>(weights.front().cols()));
  for (std::size_t k = 0; k < weights.size(); ++k) {
    if (k > 0) chain.apply(activation);
    chain.affine(weights[k], biases[k]);
  }
  return chain.build();
}

/// The network's outputs [M] at a point x [N], as Network::evaluate(). Throws InputError where the
/// size of x is not N.
template <typename Derived>
Eigen::VectorXd evaluate(const Network& network, const Eigen::DenseBase<Derived>& x) {
  const Eigen::VectorXd point = detail::vector_of("x", x);
  detail::check_size("x", point.size(), network.input_size(), "the network's inputs");
  return detail::vector_from(network.evaluate(detail::span_of(point)));
}

/// The same at many points: X [points, N], one point per row, gives [points, M]. Throws InputError
/// where X does not have N columns.
template <typename Derived>
Eigen::MatrixXd evaluate_rows(const Network& network, const Eigen::DenseBase<Derived>& X) {
  static_assert(detail::kIsExact<typename Derived::Scalar>, "points are of float, double or int");
  if (static_cast<std::size_t>(X.cols()) != network.input_size()) {
    throw InputError("X is " + detail::size_of(X) + ", expected " +
                     std::to_string(network.input_size()) + " columns, one per input");
  }
  std::vector<double> points(static_cast<std::size_t>(X.size()));
  Eigen::Map<detail::RowMajor<double>>(points.data(), X.rows(), X.cols()) =
      X.derived().template cast<double>();
  const std::vector<double> y = network.evaluate(points);
  return Eigen::Map<const detail::RowMajor<double>>(
      y.data(), X.rows(), static_cast<Eigen::Index>(network.output_size()));
}

// ---- Boxes and queries

/// lower <= x <= upper, an interval per input.
struct Box {
  Eigen::VectorXd lower;  ///< [N]
  Eigen::VectorXd upper;  ///< [N]

  /// From both ends. Throws InputError where their sizes differ, a number is not finite or
  /// lower > upper.
  template <typename L, typename U>
  static Box between(const Eigen::DenseBase<L>& lower, const Eigen::DenseBase<U>& upper) {
    Box box{detail::vector_of("lower", lower), detail::vector_of("upper", upper)};
    detail::check_size("upper", box.upper.size(), static_cast<std::size_t>(box.lower.size()),
                       "as many numbers as lower has");
    box.check();
    return box;
  }
  /// All x with |x - centre| <= radius in each coordinate; radius [N]. Ends that are no doubles are
  /// rounded outward (not under -ffast-math). Throws InputError where sizes differ, a number is not
  /// finite or a radius is negative.
  template <typename C, typename R>
  static Box around(const Eigen::DenseBase<C>& centre, const Eigen::DenseBase<R>& radius) {
    const Eigen::VectorXd c = detail::vector_of("centre", centre),
                          r = detail::vector_of("radius", radius);
    detail::check_size("radius", r.size(), static_cast<std::size_t>(c.size()),
                       "as many numbers as centre has");
    Box box{c, c};
    for (Eigen::Index i = 0; i < c.size(); ++i) {
      if (!(r[i] >= 0.0))
        throw InputError("radius " + std::to_string(i) + " is negative or not a number");
      box.lower[i] = detail::sum_outward(c[i], -r[i], -1.0);
      box.upper[i] = detail::sum_outward(c[i], r[i], 1.0);
    }
    box.check();
    return box;
  }
  /// The same with one radius for all coordinates.
  template <typename C>
  static Box around(const Eigen::DenseBase<C>& centre, double radius) {
    return around(centre, Eigen::VectorXd::Constant(centre.size(), radius));
  }
  /// The box of a clause, as Query::box_lower() and box_upper() give it. Throws InputError where
  /// there is no such clause.
  static Box of(const Query& query, std::size_t clause) {
    return {detail::vector_from(query.box_lower(clause)),
            detail::vector_from(query.box_upper(clause))};
  }

 private:
  void check() const {
    for (Eigen::Index i = 0; i < lower.size(); ++i) {
      const std::string of = "the box of input " + std::to_string(i);
      if (!std::isfinite(lower[i]) || !std::isfinite(upper[i]))
        throw InputError(of + " has a bound that is not finite");
      if (lower[i] > upper[i]) throw InputError(of + " is empty: lower > upper");
    }
  }
};

/// Between the two sides of a row.
enum class Relation : std::uint8_t {
  at_most,  ///< <=
  below     ///< <
};

/// The K rows of C y <= d (or <): C [K, M], dense or sparse, d [K]. Zeros are left out. Throws
/// InputError where d does not have K numbers; Query::add_clause() refuses the rest.
template <typename D, typename E>
std::vector<Row> rows(const Eigen::EigenBase<D>& C, const Eigen::DenseBase<E>& d,
                      Relation relation = Relation::at_most) {
  const Eigen::VectorXd threshold = detail::vector_of("d", d);
  const auto count = static_cast<std::size_t>(C.rows());
  detail::check_size("d", threshold.size(), count, "a number per row of C");
  std::vector<Row> result(count);
  for (std::size_t k = 0; k < count; ++k) {
    result[k].threshold = threshold[static_cast<Eigen::Index>(k)];
    result[k].strict = relation == Relation::below;
  }
  detail::append_terms(C, Term::Of::output, result);
  return result;
}

/// The K rows of C y + A x <= d (or <): C [K, M], A [K, N], dense or sparse, d [K]. Throws
/// InputError where A or d does not have K rows; Query::add_clause() refuses the rest.
template <typename D, typename A, typename E>
std::vector<Row> rows_with_inputs(const Eigen::EigenBase<D>& C,
                                  const Eigen::EigenBase<A>& of_inputs,
                                  const Eigen::DenseBase<E>& d,
                                  Relation relation = Relation::at_most) {
  std::vector<Row> result = rows(C, d, relation);
  if (of_inputs.rows() != C.rows()) {
    throw InputError("A is " + detail::size_of(of_inputs) + ", expected " +
                     std::to_string(C.rows()) + " rows, as many as C has");
  }
  detail::append_terms(of_inputs, Term::Of::input, result);
  return result;
}

namespace detail {

/// The rows of C y <= d, where C has a column per output of the query and no row of zeros.
template <typename D, typename E>
std::vector<Row> rows_for(const Query& query, const Eigen::EigenBase<D>& C,
                          const Eigen::DenseBase<E>& d, Relation relation) {
  if (static_cast<std::size_t>(C.cols()) != query.output_size()) {
    throw InputError("C is " + size_of(C) + ", expected " + std::to_string(query.output_size()) +
                     " columns, one per output of the query");
  }
  std::vector<Row> result = rows(C, d, relation);
  for (std::size_t k = 0; k < result.size(); ++k) {
    if (result[k].terms.empty())
      throw InputError("row " + std::to_string(k) + " of C has no number other than zero");
  }
  return result;
}

}  // namespace detail

/// Query::add_clause() with a Box: a counterexample lies in it and satisfies all rows. Throws as
/// that does; the query is then unchanged.
inline Query& add_clause(Query& query, const Box& box, std::span<const Row> rows) {
  return query.add_clause(detail::span_of(box.lower), detail::span_of(box.upper), rows);
}

/// Asks for an x in the box with C y <= d (or <) in all K rows: one clause. C [K, M], dense or
/// sparse, d [K]. Throws InputError where sizes do not fit, a row of C is zero, or as
/// Query::add_clause() does; the query is then unchanged.
template <typename D, typename E>
Query& add_conjunction(Query& query, const Box& box, const Eigen::EigenBase<D>& C,
                       const Eigen::DenseBase<E>& d, Relation relation = Relation::at_most) {
  return add_clause(query, box, detail::rows_for(query, C, d, relation));
}

/// Asks for an x in the box with C y <= d (or <) in at least one of the K rows: K clauses.
/// Otherwise as add_conjunction().
template <typename D, typename E>
Query& add_disjunction(Query& query, const Box& box, const Eigen::EigenBase<D>& C,
                       const Eigen::DenseBase<E>& d, Relation relation = Relation::at_most) {
  Query changed = query;
  for (const Row& row : detail::rows_for(query, C, d, relation))
    add_clause(changed, box, std::span<const Row>(&row, 1));
  return query = std::move(changed);
}

/// Asks whether the property "C y <= d (or <) on the whole box" is violated: for an x in the box
/// at which some row has C y > d (or >=), K clauses. `unsat` proves the property. Otherwise as
/// add_conjunction().
template <typename D, typename E>
Query& add_violation(Query& query, const Box& box, const Eigen::EigenBase<D>& C,
                     const Eigen::DenseBase<E>& d, Relation relation = Relation::at_most) {
  Query changed = query;
  for (Row& row : detail::rows_for(query, C, d, relation)) {
    for (Term& term : row.terms) term.coefficient = -term.coefficient;
    row.threshold = -row.threshold;
    row.strict = !row.strict;
    add_clause(changed, box, std::span<const Row>(&row, 1));
  }
  return query = std::move(changed);
}

// ---- Answers

/// An input and the network's outputs there.
struct Counterexample {
  Eigen::VectorXd input;   ///< [N]
  Eigen::VectorXd output;  ///< [M]
};

/// What Result::input and Result::output hold; nothing unless the verdict is sat.
inline std::optional<Counterexample> counterexample(const Result& result) {
  if (result.verdict != Verdict::sat) return std::nullopt;
  return Counterexample{detail::vector_from(result.input), detail::vector_from(result.output)};
}

/// lower_A x + lower_b <= y <= upper_A x + upper_b for every real x of the box.
struct LinearBounds {
  Eigen::MatrixXd lower_A;  ///< [M, N]
  Eigen::VectorXd lower_b;  ///< [M]
  Eigen::MatrixXd upper_A;  ///< [M, N]
  Eigen::VectorXd upper_b;  ///< [M]
};

/// lower <= y <= upper for every real x of the box. An end is infinite where nothing is known; none
/// is NaN.
struct Bounds {
  BoundMethod method = BoundMethod::crown;  ///< by which they were computed
  Eigen::VectorXd lower;                    ///< [M]
  Eigen::VectorXd upper;                    ///< [M]
  LinearBounds linear;                      ///< of size 0 unless asked for
};

/// The library's bounds with Eigen's types.
inline Bounds bounds_from(const clipbound::Bounds& bounds) {
  const clipbound::LinearBounds& linear = bounds.linear;
  return {bounds.method,
          detail::vector_from(bounds.lower),
          detail::vector_from(bounds.upper),
          {detail::matrix_from(linear.lower_A, linear.lower_b.size()),
           detail::vector_from(linear.lower_b),
           detail::matrix_from(linear.upper_A, linear.upper_b.size()),
           detail::vector_from(linear.upper_b)}};
}

/// A Bounder for all boxes inside `box`. Throws as Bounder does.
inline Bounder bounder(const Network& network, const Box& box) {
  return {network, detail::span_of(box.lower), detail::span_of(box.upper)};
}

/// Bounder::bounds(). Throws as that does.
inline Bounds bounds(const Bounder& prepared, const Box& box, const BoundSettings& settings = {}) {
  return bounds_from(
      prepared.bounds(detail::span_of(box.lower), detail::span_of(box.upper), settings));
}

/// Bounds of the network's outputs on a box; of another layer's neurons through Network::up_to().
/// Throws as Bounder does.
inline Bounds bounds_of(const Network& network, const Box& box,
                        const BoundSettings& settings = {}) {
  return bounds(bounder(network, box), box, settings);
}

/// robustness() around x [N]. Throws as that does.
template <typename Derived>
Robustness robustness(const Network& network, const Eigen::DenseBase<Derived>& x, std::size_t label,
                      const RobustnessSettings& settings = {}, const Options& options = {},
                      const Callbacks& callbacks = {}) {
  const Eigen::VectorXd point = detail::vector_of("x", x);
  return clipbound::robustness(network, detail::span_of(point), label, settings, options,
                               callbacks);
}

}  // namespace clipbound::eigen
