#include "specs/query/row_text.h"

#include <array>
#include <charconv>
#include <cmath>

#include "specs/query/definition.h"

namespace clipbound::specs {

namespace {

/// The shortest decimal that reads back the same.
std::string number(double value) {
  std::array<char, 32> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), value);
  return {text.data(), error == std::errc() ? end : text.data()};
}

double nearest(const Number& decimal) {
  return nearest_in(DataType::float64, decimal.exact);
}

std::string name_of(const Term& term, const VariableNames* names) {
  if (names != nullptr) return names->name_of(term.of, term.index);
  return (term.of == Term::Of::input ? "X_" : "Y_") + std::to_string(term.index);
}

}  // namespace

std::string to_text(const Row& row, const VariableNames* names) {
  std::string text;
  for (const Term& term : row.terms) {
    const double c = nearest(term.coefficient);
    const bool is_first = &term == row.terms.data();
    text += c < 0.0 ? (is_first ? "-" : " - ") : (is_first ? "" : " + ");
    if (std::fabs(c) != 1.0) text += number(std::fabs(c)) + " ";
    text += name_of(term, names);
  }
  return text + (row.strict ? " < " : " <= ") + number(nearest(row.threshold));
}

}  // namespace clipbound::specs
