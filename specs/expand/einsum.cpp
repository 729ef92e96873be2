// Idea: Einsum: labels that are summed, and products of two operands as matrix products: labels of
// both that stay are stacks of matrices, those of both that go are the inner dimension, the others
// are rows and columns. More operands are taken from left to right.
// Source: ONNX operator specification, Einsum; numpy.einsum.
// Guarantees: equal to the sum over all labels that are not in the output.
#include <algorithm>
#include <map>

#include "specs/expand/steps.h"

namespace clipbound::specs {
namespace {

/// The axes of an operand: letters, and the digits' characters for those of an ellipsis, counted
/// from the last one, as broadcasting does.
using Labels = std::string;

struct Equation {
  std::vector<Labels> operands;
  Labels output;
};

struct Operand {
  ValueId value;
  Labels labels;
};

char ellipsis_label(std::size_t from_the_end) {
  constexpr std::size_t kMost = 10;
  if (from_the_end >= kMost) throw Unsupported("an ellipsis of more than 10 axes");
  return static_cast<char>('0' + from_the_end);
}

/// A term with its ellipsis written out; `hidden`: how many axes it stands for.
Labels written_out(const std::string& term, std::size_t hidden) {
  const std::size_t dots = term.find("...");
  Labels labels;
  for (std::size_t i = 0; i < term.size(); ++i) {
    if (i == dots) {
      for (std::size_t k = hidden; k-- > 0;) labels += ellipsis_label(k);
      i += 2;
    } else if (std::isalpha(static_cast<unsigned char>(term[i])) != 0) {
      labels += term[i];
    } else {
      throw InputError("equation: '" + term + "' is no list of labels");
    }
  }
  return labels;
}

std::size_t letters_of(const std::string& term) {
  return static_cast<std::size_t>(
      std::count_if(term.begin(), term.end(), [](char c) { return c != '.'; }));
}

/// Without an arrow: the ellipsis, then the labels that occur once, in the order of the alphabet.
Labels implied_output(const std::vector<Labels>& operands) {
  std::map<char, int> times;
  for (const Labels& labels : operands)
    for (const char c : labels) ++times[c];
  Labels ellipsis, rest;
  for (const auto& [label, count] : times) {
    if (std::isdigit(static_cast<unsigned char>(label)) != 0)
      ellipsis.insert(0, 1, label);
    else if (count == 1)
      rest += label;
  }
  return ellipsis + rest;
}

Equation equation_of(const Expansion& e) {
  std::string text = string_attribute(e.node(), "equation", "");
  std::erase(text, ' ');
  const std::size_t arrow = text.find("->");
  std::string terms = text.substr(0, arrow);
  Equation equation;
  std::size_t longest = 0;  // of the ellipses
  for (std::size_t i = 0; i < e.node().inputs.size(); ++i) {
    const std::size_t comma = terms.find(',');
    const bool last = i + 1 == e.node().inputs.size();
    if (last != (comma == std::string::npos))
      throw InputError("equation '" + text + "' has not as many terms as there are inputs");
    const std::string term = terms.substr(0, comma);
    const std::size_t rank = e.shape(e.input(i)).size(), named = letters_of(term);
    const bool open = term.find("...") != std::string::npos;
    if (named > rank || (!open && named != rank))
      throw InputError("equation: '" + term + "' does not fit " + to_string(e.shape(e.input(i))));
    equation.operands.push_back(written_out(term, rank - named));
    if (open) longest = std::max(longest, rank - named);
    if (!last) terms.erase(0, comma + 1);
  }
  equation.output = arrow == std::string::npos ? implied_output(equation.operands)
                                               : written_out(text.substr(arrow + 2), longest);
  for (std::size_t i = 0; i < equation.output.size(); ++i)
    if (equation.output.find(equation.output[i], i + 1) != Labels::npos)
      throw InputError("equation '" + text + "' names an axis of the output twice");
  return equation;
}

bool has_label(const Labels& labels, char label) {
  return labels.find(label) != Labels::npos;
}

/// The axes of an operand in the order of `labels`.
Axes order_of(const Operand& x, const Labels& labels) {
  Axes order;
  for (const char c : labels) order.push_back(static_cast<std::int64_t>(x.labels.find(c)));
  return order;
}

void arrange(Expansion& e, Operand& x, const Labels& labels) {
  x.value = transpose(e, x.value, order_of(x, labels));
  x.labels = labels;
}

std::int64_t length_of(const Expansion& e, const Operand& x, char label) {
  return e.shape(x.value)[x.labels.find(label)];
}

/// A label that stands twice: its two axes become one, their diagonal.
void take_diagonals(Expansion& e, Operand& x) {
  for (std::size_t i = 0; i < x.labels.size(); ++i) {
    const std::size_t again = x.labels.find(x.labels[i], i + 1);
    if (again == Labels::npos) continue;
    Axes order = counting(static_cast<std::int64_t>(x.labels.size()));
    order.erase(order.begin() + static_cast<std::ptrdiff_t>(again));
    order.erase(order.begin() + static_cast<std::ptrdiff_t>(i));
    order.push_back(static_cast<std::int64_t>(i));
    order.push_back(static_cast<std::int64_t>(again));
    Shape shape = e.shape(x.value);
    const std::int64_t n = shape[i];
    if (shape[again] != n)
      throw InputError(std::string("equation: the axes of '") + x.labels[i] + "' differ in " +
                       to_string(shape));
    x.value = e.add("Transpose", {x.value}, {{"perm", order}});
    shape = e.shape(x.value);
    shape.pop_back();
    shape.back() = n * n;
    Axes diagonal;
    for (std::int64_t k = 0; k < n; ++k) diagonal.push_back(k * (n + 1));
    const auto axis = static_cast<std::int64_t>(shape.size()) - 1;
    x.value = e.add("Gather", {reshape(e, x.value, shape), e.integers(diagonal)}, {{"axis", axis}});
    const char label = x.labels[i];
    std::erase(x.labels, label);
    x.labels += label;
    i = static_cast<std::size_t>(-1);  // from the beginning, in the new order
  }
}

/// Sums over the labels that nothing needs any more.
void sum_out(Expansion& e, Operand& x, const Labels& needed) {
  Axes axes;
  Labels kept;
  for (std::size_t i = 0; i < x.labels.size(); ++i) {
    if (has_label(needed, x.labels[i]))
      kept += x.labels[i];
    else
      axes.push_back(static_cast<std::int64_t>(i));
  }
  x.value = reduce(e, "ReduceSum", x.value, axes, false);
  x.labels = kept;
}

/// A label of both operands that has length 1 in one of them only is repeated there.
void match_lengths(Expansion& e, Operand& x, const Operand& y) {
  Shape shape = e.shape(x.value);
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (!has_label(y.labels, x.labels[i])) continue;
    const std::int64_t other = length_of(e, y, x.labels[i]);
    if (shape[i] == other || other == 1) continue;
    if (shape[i] != 1)
      throw InputError(std::string("equation: '") + x.labels[i] + "' is " +
                       std::to_string(shape[i]) + " and " + std::to_string(other));
    shape[i] = other;
  }
  if (shape != e.shape(x.value)) x.value = e.add("Expand", {x.value, e.integers(shape)});
}

/// The labels of two operands, sorted.
struct Roles {
  Labels stacks, inner, rows, columns;
};

Roles roles_of(const Operand& x, const Operand& y, const Labels& needed) {
  Roles roles;
  for (const char c : x.labels) {
    if (!has_label(y.labels, c))
      roles.rows += c;
    else
      (has_label(needed, c) ? roles.stacks : roles.inner) += c;
  }
  for (const char c : y.labels)
    if (!has_label(x.labels, c)) roles.columns += c;
  return roles;
}

/// Lengths of labels, and their product as one axis.
Shape lengths_of(const Expansion& e, const Operand& x, const Labels& labels) {
  Shape shape;
  for (const char c : labels) shape.push_back(length_of(e, x, c));
  return shape;
}
Shape joined(Shape shape, std::int64_t rows, std::int64_t columns) {
  shape.push_back(rows);
  shape.push_back(columns);
  return shape;
}

Operand product_of(Expansion& e, Operand x, Operand y, const Labels& needed) {
  match_lengths(e, x, y);
  match_lengths(e, y, x);
  const Roles roles = roles_of(x, y, needed);
  const Shape stacks = lengths_of(e, x, roles.stacks), rows = lengths_of(e, x, roles.rows),
              columns = lengths_of(e, y, roles.columns);
  const std::int64_t inner = element_count(lengths_of(e, x, roles.inner)), m = element_count(rows),
                     n = element_count(columns);
  arrange(e, x, roles.stacks + roles.rows + roles.inner);
  arrange(e, y, roles.stacks + roles.inner + roles.columns);
  const ValueId left = reshape(e, x.value, joined(stacks, m, inner)),
                right = reshape(e, y.value, joined(stacks, inner, n));
  // Nothing is summed: a product of every row and column.
  const ValueId product = e.add(roles.inner.empty() ? "Mul" : "MatMul", {left, right});
  Shape shape = stacks;
  shape.insert(shape.end(), rows.begin(), rows.end());
  shape.insert(shape.end(), columns.begin(), columns.end());
  return {reshape(e, product, shape), roles.stacks + roles.rows + roles.columns};
}

}  // namespace

void expand_einsum(Expansion& e) {
  if (e.node().inputs.empty()) throw InputError("has no input");
  const Equation equation = equation_of(e);
  std::vector<Operand> operands;
  for (std::size_t i = 0; i < equation.operands.size(); ++i) {
    operands.push_back({e.input(i), equation.operands[i]});
    if (e.type(e.input(i)) == DataType::boolean) throw InputError("an input is boolean");
    take_diagonals(e, operands.back());
  }
  /// What the output or an operand from `first` on still names.
  const auto needed_behind = [&](std::size_t first) {
    Labels needed = equation.output;
    for (std::size_t k = first; k < operands.size(); ++k) needed += operands[k].labels;
    return needed;
  };
  Operand result = operands[0];
  sum_out(e, result, needed_behind(1));
  for (std::size_t k = 1; k < operands.size(); ++k) {
    Operand next = operands[k];
    sum_out(e, next, needed_behind(k + 1) + result.labels);
    sum_out(e, result, needed_behind(k + 1) + next.labels);
    result = product_of(e, result, next, needed_behind(k + 1));
  }
  for (const char c : equation.output)
    if (!has_label(result.labels, c))
      throw InputError(std::string("equation: no input has the axis '") + c + "' of the output");
  arrange(e, result, equation.output);
  e.output(0, result.value);
}

}  // namespace clipbound::specs
