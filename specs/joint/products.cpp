#include "specs/joint/products.h"

#include <algorithm>
#include <cmath>
#include <map>

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

}  // namespace

ValueId append_products(Network& network, const Variables& variables,
                        const std::vector<Product>& products) {
  Appender to(network);
  const Factors factors(products);
  const DataType type = network.computes_in_float64() ? DataType::float64 : DataType::float32;
  const ValueId row = gather(to, variables, factors, type);
  const ValueId values = factors_of(to, row, factors, type);
  // By degree: each step multiplies all products of a degree by their next factors.
  std::map<std::size_t, std::vector<std::size_t>> by_degree;
  for (std::size_t p = 0; p < products.size(); ++p)
    by_degree[products[p].factors.size()].push_back(p);
  std::vector<ValueId> parts;
  std::vector<std::int64_t> place(products.size());
  std::int64_t next = 0;
  for (const auto& [degree, numbers] : by_degree) {
    ValueId product = kNoValue;
    for (std::size_t k = 0; k < degree; ++k) {
      std::vector<std::int64_t> picked;
      for (const std::size_t p : numbers)
        picked.push_back(static_cast<std::int64_t>(factors.number_of(products[p].factors[k])));
      const ValueId factor = to.add("Gather", {values, to.integers(std::move(picked))});
      product = k == 0 ? factor : to.add("Mul", {product, factor});
    }
    parts.push_back(product);
    for (const std::size_t p : numbers) place[p] = next++;
  }
  const ValueId all =
      parts.size() == 1 ? parts[0] : to.add("Concat", parts, {{"axis", std::int64_t{0}}});
  return parts.size() == 1 ? all : to.add("Gather", {all, to.integers(std::move(place))});
}

}  // namespace clipbound::specs
