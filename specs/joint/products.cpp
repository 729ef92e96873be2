#include "specs/joint/products.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <span>
#include <utility>

#include "base/error.h"
#include "specs/network/composite.h"
#include "specs/network/float_grid.h"
#include "specs/query/number.h"

namespace clipbound::specs {

namespace {

constexpr int kOpset = 18;
constexpr std::size_t kLargestMatrix = std::size_t{1} << 27;

using Key = std::pair<Term::Of, std::int32_t>;

/// Nodes and constants at the end of a network.
class Appender {
 public:
  explicit Appender(Network& network) : network_(network) {}

  ValueId add(const std::string& op, std::vector<ValueId> inputs,
              std::map<std::string, Attribute> attributes = {}) {
    Node node = new_node(op, "query/" + op + "_" + std::to_string(network_.nodes.size()), kOpset);
    node.inputs = std::move(inputs);
    node.attributes = std::move(attributes);
    node.outputs = {value("query/value_" + std::to_string(network_.values.size()))};
    const ValueId result = node.outputs[0];
    append_operator(network_, std::move(node));
    return result;
  }
  ValueId constant(Tensor tensor) {
    const ValueId id = value("query/constant_" + std::to_string(network_.values.size()));
    Value& made = network_.value(id);
    made.type = tensor.type();
    made.shape = tensor.shape;
    made.constant = std::move(tensor);
    return id;
  }
  ValueId integers(std::vector<std::int64_t> values) {
    const Shape shape{static_cast<std::int64_t>(values.size())};
    return constant({shape, std::move(values)});
  }
  /// Numbers of the type.
  ValueId numbers(Shape shape, const std::vector<double>& values, DataType type) {
    if (type == DataType::float64) return constant({std::move(shape), values});
    return constant({std::move(shape), std::vector<float>(values.begin(), values.end())});
  }
  const Network& network() const { return network_; }

 private:
  ValueId value(std::string name) {
    const ValueId id{static_cast<std::int32_t>(network_.values.size())};
    network_.values.emplace_back().name = std::move(name);
    return id;
  }

  Network& network_;
};

bool comes_before(const LinearForm& a, const LinearForm& b) {
  const std::size_t common = std::min(a.terms.size(), b.terms.size());
  for (std::size_t i = 0; i < common; ++i) {
    const LinearTerm &p = a.terms[i], &q = b.terms[i];
    if (p.of != q.of) return p.of < q.of;
    if (p.index != q.index) return p.index < q.index;
    if (const int side = cmp(p.coefficient, q.coefficient); side != 0) return side < 0;
  }
  if (a.terms.size() != b.terms.size()) return a.terms.size() < b.terms.size();
  return a.constant < b.constant;
}

/// The variables and the different factors of all products.
class Factors {
 public:
  explicit Factors(const std::vector<Product>& products) : number_(&comes_before) {
    for (const Product& product : products)
      for (const LinearForm& factor : product.factors) {
        number_.emplace(factor, 0);
        for (const LinearTerm& term : factor.terms) column_.emplace(Key{term.of, term.index}, 0);
      }
    std::size_t next = 0;
    for (auto& [form, number] : number_) number = next++;
    next = 0;
    for (auto& [key, column] : column_) column = next++;
    if (count() * variables() > kLargestMatrix)
      throw Unsupported("the query's " + std::to_string(products.size()) + " products are of " +
                        std::to_string(variables()) + " variables: too many");
  }

  std::size_t count() const { return number_.size(); }
  std::size_t variables() const { return column_.size(); }
  const std::map<Key, std::size_t>& columns() const { return column_; }
  std::size_t number_of(const LinearForm& form) const { return number_.at(form); }

  /// [variables, factors] and the constants [factors].
  struct Matrix {
    std::vector<mpq_class> coefficients, constants;
  };
  Matrix matrix() const {
    Matrix matrix{std::vector<mpq_class>(variables() * count()), std::vector<mpq_class>(count())};
    for (const auto& [form, number] : number_) {
      for (const LinearTerm& term : form.terms)
        matrix.coefficients[column_.at({term.of, term.index}) * count() + number] =
            term.coefficient;
      matrix.constants[number] = form.constant;
    }
    return matrix;
  }

 private:
  std::map<LinearForm, std::size_t, bool (*)(const LinearForm&, const LinearForm&)> number_;
  std::map<Key, std::size_t> column_;
};

/// Takes from `rest` what the type can hold; false where nothing was left.
bool take_part(std::vector<mpq_class>& rest, DataType type, std::vector<double>& part) {
  bool some = false;
  part.assign(rest.size(), 0.0);
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (rest[i] == 0) continue;
    some = true;
    part[i] = nearest_in(type, rest[i].get_d());
    if (part[i] == 0.0 || !std::isfinite(part[i]))
      throw Unsupported(
          "a product of the query has a coefficient that no sum of numbers of the "
          "network's type is: " +
          rest[i].get_str());
    rest[i] -= mpq_class(part[i]);
  }
  return some;
}

/// All variables as one row [1, variables] of the type.
ValueId gather(Appender& to, const Variables& from, const Factors& factors, DataType type) {
  std::vector<ValueId> parts;
  const auto take = [&](Term::Of of, const std::vector<ValueId>& tensors) {
    std::int64_t first = 0;
    for (const ValueId id : tensors) {
      const std::int64_t size = to.network().value(id).size();
      std::vector<std::int64_t> places;
      auto at = factors.columns().lower_bound({of, static_cast<std::int32_t>(first)});
      for (; at != factors.columns().end() && at->first.first == of &&
             at->first.second < first + size;
           ++at)
        places.push_back(at->first.second - first);
      first += size;
      if (places.empty()) continue;
      const ValueId flat = to.add("Reshape", {id, to.integers({-1})});
      const ValueId picked = to.add("Gather", {flat, to.integers(std::move(places))});
      constexpr std::int64_t kFloat = 1, kDouble = 11;  // onnx.proto, TensorProto.DataType
      parts.push_back(
          to.add("Cast", {picked}, {{"to", type == DataType::float64 ? kDouble : kFloat}}));
    }
  };
  take(Term::Of::input, from.inputs);
  take(Term::Of::output, from.outputs);
  const ValueId all =
      parts.size() == 1 ? parts[0] : to.add("Concat", parts, {{"axis", std::int64_t{0}}});
  return to.add("Reshape", {all, to.integers({1, -1})});
}

/// All factors [factors].
ValueId factors_of(Appender& to, ValueId row, const Factors& factors, DataType type) {
  Factors::Matrix matrix = factors.matrix();
  const auto n = static_cast<std::int64_t>(factors.variables()),
             m = static_cast<std::int64_t>(factors.count());
  ValueId sum = kNoValue;
  const auto add = [&](ValueId part) { sum = sum == kNoValue ? part : to.add("Add", {sum, part}); };
  std::vector<double> part;
  while (take_part(matrix.coefficients, type, part))
    add(to.add("MatMul", {row, to.numbers({n, m}, part, type)}));
  while (take_part(matrix.constants, type, part)) add(to.numbers({1, m}, part, type));
  return to.add("Reshape", {sum, to.integers({m})});
}

/// A product's factors by number, ascending, repeated where it is a power.
using Monomial = std::vector<std::size_t>;

/// Products of the factors. What stands in a product twice is squared as a whole: x^4 as the square
/// of x^2, of which bounds know that it is not negative.
class Monomials {
 public:
  Monomials(Appender& to, ValueId factors) : to_(to), factors_(factors) {}

  /// [monomials]
  ValueId values(const std::vector<Monomial>& monomials) {
    std::vector<Monomial> halves, halves_of_mixed, rests, different;
    std::vector<std::pair<int, std::size_t>> from;
    for (const Monomial& monomial : monomials) {
      auto [half, rest] = split(monomial);
      if (half.empty()) {
        from.emplace_back(0, different.size());
        different.push_back(std::move(rest));
      } else if (rest.empty()) {
        from.emplace_back(1, halves.size());
        halves.push_back(std::move(half));
      } else {
        from.emplace_back(2, rests.size());
        halves_of_mixed.push_back(std::move(half));
        rests.push_back(std::move(rest));
      }
    }
    std::vector<ValueId> parts(3, kNoValue);
    if (!different.empty()) parts[0] = multiplied(different);
    if (!halves.empty()) parts[1] = squared(halves);
    if (!rests.empty()) parts[2] = to_.add("Mul", {squared(halves_of_mixed), multiplied(rests)});
    const std::size_t sizes[] = {different.size(), halves.size(), rests.size()};
    return in_order(parts, sizes, from);
  }

 private:
  /// monomial = half^2 rest, no factor of which is repeated.
  static std::pair<Monomial, Monomial> split(const Monomial& monomial) {
    Monomial half, rest;
    for (std::size_t k = 0; k < monomial.size(); ++k) {
      const bool is_pair = k + 1 < monomial.size() && monomial[k] == monomial[k + 1];
      (is_pair ? half : rest).push_back(monomial[k]);
      if (is_pair) ++k;
    }
    return {half, rest};
  }
  ValueId squared(const std::vector<Monomial>& halves) {
    const ValueId value = values(halves);
    return to_.add("Mul", {value, value});
  }
  /// By degree: each step multiplies all products of a degree by their next factors.
  ValueId multiplied(const std::vector<Monomial>& monomials) {
    std::map<std::size_t, std::vector<std::size_t>> by_degree;
    for (std::size_t p = 0; p < monomials.size(); ++p) by_degree[monomials[p].size()].push_back(p);
    std::vector<ValueId> parts;
    std::vector<std::size_t> sizes;
    std::vector<std::pair<int, std::size_t>> from(monomials.size());
    for (const auto& [degree, numbers] : by_degree) {
      ValueId product = kNoValue;
      for (std::size_t k = 0; k < degree; ++k) {
        std::vector<std::int64_t> picked;
        for (const std::size_t p : numbers)
          picked.push_back(static_cast<std::int64_t>(monomials[p][k]));
        const ValueId factor = to_.add("Gather", {factors_, to_.integers(std::move(picked))});
        product = k == 0 ? factor : to_.add("Mul", {product, factor});
      }
      for (std::size_t i = 0; i < numbers.size(); ++i)
        from[numbers[i]] = {static_cast<int>(parts.size()), i};
      parts.push_back(product);
      sizes.push_back(numbers.size());
    }
    return in_order(parts, sizes, from);
  }
  /// Element i is element from[i].second of parts[from[i].first]; parts of size 0 are none.
  ValueId in_order(const std::vector<ValueId>& parts, std::span<const std::size_t> sizes,
                   const std::vector<std::pair<int, std::size_t>>& from) {
    std::vector<ValueId> some;
    std::vector<std::int64_t> first;
    std::int64_t next = 0;
    for (std::size_t k = 0; k < parts.size(); ++k) {
      first.push_back(next);
      next += static_cast<std::int64_t>(sizes[k]);
      if (sizes[k] > 0) some.push_back(parts[k]);
    }
    if (some.size() == 1) return some[0];
    std::vector<std::int64_t> places;
    for (const auto& [part, place] : from)
      places.push_back(first[static_cast<std::size_t>(part)] + static_cast<std::int64_t>(place));
    return to_.add("Gather", {to_.add("Concat", some, {{"axis", std::int64_t{0}}}),
                              to_.integers(std::move(places))});
  }

  Appender& to_;
  const ValueId factors_;
};

}  // namespace

ValueId append_products(Network& network, const Variables& variables,
                        const std::vector<Product>& products) {
  Appender to(network);
  const Factors factors(products);
  const DataType type = network.computes_in_float64() ? DataType::float64 : DataType::float32;
  const ValueId row = gather(to, variables, factors, type);
  std::vector<Monomial> monomials;
  for (const Product& product : products) {
    Monomial& monomial = monomials.emplace_back();
    for (const LinearForm& factor : product.factors) monomial.push_back(factors.number_of(factor));
    std::sort(monomial.begin(), monomial.end());
  }
  return Monomials(to, factors_of(to, row, factors, type)).values(monomials);
}

}  // namespace clipbound::specs
