// A term's value is a linear form plus a sum of products, each a coefficient times two or more
// linear forms that are not constant. Sums are appended, products distributed over them. At the end
// every factor is brought to integers without a common divisor, its first coefficient positive, so
// that products that are equal but for a number are one. Whether the polynomial is linear after all
// is seen by expanding it to monomials, which also take the place of the products where they are
// fewer.
#include "specs/vnnlib/product_form.h"

#include <algorithm>
#include <compare>
#include <iterator>
#include <map>
#include <optional>

#include "base/check.h"
#include "specs/query/number.h"
#include "specs/vnnlib/fold_term.h"

namespace clipbound::specs {
namespace {

constexpr std::size_t kMostProducts = 20'000;  // in one comparison
constexpr std::size_t kMostMonomials = 4'000;  // that a comparison is expanded to
constexpr std::size_t kMostFactors = 64;
constexpr int kFactorBits = 53;

struct Summand {
  mpq_class coefficient = 1;
  std::vector<LinearForm> factors;
};
struct Sum {
  LinearForm linear;
  std::vector<Summand> products;
};

std::strong_ordering order(const LinearForm& a, const LinearForm& b) {
  if (const auto o = a.terms.size() <=> b.terms.size(); o != 0) return o;
  for (std::size_t i = 0; i < a.terms.size(); ++i) {
    const LinearTerm &s = a.terms[i], &t = b.terms[i];
    if (const auto o = s.of <=> t.of; o != 0) return o;
    if (const auto o = s.index <=> t.index; o != 0) return o;
    if (const int o = cmp(s.coefficient, t.coefficient); o != 0) return o <=> 0;
  }
  return cmp(a.constant, b.constant) <=> 0;
}
bool before(const LinearForm& a, const LinearForm& b) {
  return order(a, b) < 0;
}

/// Identifies a list of factors.
std::string key_of(const std::vector<LinearForm>& factors) {
  std::string key;
  for (const LinearForm& factor : factors) {
    for (const LinearTerm& term : factor.terms) {
      key += (term.of == Term::Of::input ? 'X' : 'Y') + std::to_string(term.index) + '*' +
             term.coefficient.get_str(62) + ' ';
    }
    key += factor.constant.get_str(62) + ';';
  }
  return key;
}

/// What the whole form has to be divided by to have integers without a common divisor, the first
/// coefficient positive.
mpq_class content_of(const LinearForm& form) {
  mpz_class divisor = 0, multiple = 1;
  const auto take = [&](const mpq_class& number) {
    divisor = gcd(divisor, number.get_num());
    multiple = lcm(multiple, number.get_den());
  };
  for (const LinearTerm& term : form.terms) take(term.coefficient);
  take(form.constant);
  // Of fractions in lowest terms.
  mpq_class content(divisor, multiple);
  content.canonicalize();
  return sgn(form.terms.front().coefficient) < 0 ? mpq_class(-content) : content;
}

bool is_short(const LinearForm& form) {
  const auto fits = [](const mpq_class& number) {
    return number.get_den() == 1 && mpz_sizeinbase(number.get_num_mpz_t(), 2) <= kFactorBits;
  };
  return fits(form.constant) &&
         std::all_of(form.terms.begin(), form.terms.end(),
                     [&](const LinearTerm& term) { return fits(term.coefficient); });
}

using Variable = std::pair<Term::Of, std::int32_t>;
using Monomial = std::vector<Variable>;  // sorted; empty: the constant
using Polynomial = std::map<Monomial, mpq_class>;

Polynomial polynomial_of(const LinearForm& form) {
  Polynomial result;
  for (const LinearTerm& term : form.terms) result[{{term.of, term.index}}] += term.coefficient;
  result[{}] += form.constant;
  return result;
}

Polynomial product(const Polynomial& a, const Polynomial& b) {
  Polynomial result;
  for (const auto& [p, c] : a) {
    if (c == 0) continue;
    for (const auto& [q, d] : b) {
      Monomial both(p.size() + q.size());
      std::merge(p.begin(), p.end(), q.begin(), q.end(), both.begin());
      result[std::move(both)] += c * d;
    }
  }
  return result;
}

/// How many terms the distribution would give, at most `limit` + 1.
std::size_t monomials_of(const Summand& summand, std::size_t limit) {
  std::size_t count = 1;
  for (const LinearForm& factor : summand.factors) {
    count *= factor.terms.size() + 1;
    if (count > limit) return limit + 1;
  }
  return count;
}

class ProductForm {
 public:
  ProductForm(const Ast& ast, const SourceText& source, std::uint32_t node, ProductTable& table)
      : ast_(ast), source_(source), node_(node), table_(table) {}
  LinearForm run();

 private:
  Sum term(std::uint32_t root) const;
  void combine(std::uint32_t node, Sum& value, Sum&& argument) const;
  Sum multiplied(const Sum& a, const Sum& b) const;
  void check(const Sum& sum) const;
  void simplify(Sum& sum) const;
  void simplify(Summand& summand) const;
  std::optional<Polynomial> expanded(const Sum& sum) const;
  void use_monomials(Sum& sum, const Polynomial& polynomial) const;
  [[noreturn]] void too_large(const std::string& what) const {
    source_.fail(ast_.nodes[node_].offset, "this comparison " + what);
  }

  const Ast& ast_;
  const SourceText& source_;
  std::uint32_t node_;
  ProductTable& table_;
};

void ProductForm::check(const Sum& sum) const {
  if (sum.products.size() > kMostProducts)
    too_large("has more than " + std::to_string(kMostProducts) + " products");
  bool fine = bearable(sum.linear.constant);
  for (const LinearTerm& t : sum.linear.terms) fine = fine && bearable(t.coefficient);
  for (const Summand& summand : sum.products) {
    fine = fine && bearable(summand.coefficient);
    if (summand.factors.size() > kMostFactors)
      too_large("multiplies more than " + std::to_string(kMostFactors) + " variables");
  }
  if (!fine) too_large("has numbers that grow too large");
}

Sum ProductForm::multiplied(const Sum& a, const Sum& b) const {
  Sum result;
  std::size_t terms = 0;
  const auto emit = [&](const mpq_class& coefficient, std::vector<LinearForm> factors) {
    if (sgn(coefficient) == 0) return;
    for (const LinearForm& factor : factors) terms += factor.terms.size();
    if (terms > 100 * kMostProducts) too_large("has products of too many variables");
    if (factors.empty()) {
      result.linear.constant += coefficient;
    } else if (factors.size() == 1) {
      scale(factors[0], coefficient);
      add(result.linear, std::move(factors[0]), false);
    } else {
      result.products.push_back({coefficient, std::move(factors)});
    }
    if (result.products.size() > kMostProducts) check(result);
  };
  // A linear form is a summand too: its constant times nothing, or itself.
  const auto summands = [](const Sum& sum) {
    std::vector<Summand> list = sum.products;
    if (sum.linear.terms.empty()) {
      list.push_back({sum.linear.constant, {}});
    } else {
      list.push_back({1, {sum.linear}});
    }
    return list;
  };
  const std::vector<Summand> left = summands(a), right = summands(b);
  for (const Summand& s : left) {
    for (const Summand& t : right) {
      std::vector<LinearForm> factors = s.factors;
      factors.insert(factors.end(), t.factors.begin(), t.factors.end());
      emit(s.coefficient * t.coefficient, std::move(factors));
    }
  }
  return result;
}

void ProductForm::combine(std::uint32_t node, Sum& value, Sum&& argument) const {
  const NodeKind kind = ast_.nodes[node].kind;
  if (kind == NodeKind::times) {
    // A factor that is constant after all is no factor.
    normalise(value.linear);
    normalise(argument.linear);
    const auto is_constant = [](const Sum& sum) {
      return sum.products.empty() && sum.linear.terms.empty();
    };
    if (is_constant(value)) std::swap(value, argument);
    if (is_constant(argument)) {
      scale(value.linear, argument.linear.constant);
      for (Summand& summand : value.products) summand.coefficient *= argument.linear.constant;
    } else {
      value = multiplied(value, argument);
    }
    check(value);
    return;
  }
  CLIPBOUND_CHECK(kind == NodeKind::plus || kind == NodeKind::minus);
  const bool negative = kind == NodeKind::minus;
  add(value.linear, std::move(argument.linear), negative);
  if (negative) {
    for (Summand& summand : argument.products) summand.coefficient = -summand.coefficient;
  }
  if (argument.products.size() > value.products.size())
    std::swap(argument.products, value.products);
  std::move(argument.products.begin(), argument.products.end(), std::back_inserter(value.products));
  if (value.products.size() > kMostProducts || !bearable(value.linear.constant)) check(value);
}

Sum ProductForm::term(std::uint32_t root) const {
  return fold_term<Sum>(
      ast_, root,
      [&](Atom::Kind kind, std::uint32_t value) {
        return Sum{form_of_atom(source_, kind, value), {}};
      },
      [&](std::uint32_t node, Sum& value, Sum&& argument) {
        combine(node, value, std::move(argument));
      },
      [](Sum& value) {
        scale(value.linear, mpq_class(-1));
        for (Summand& summand : value.products) summand.coefficient = -summand.coefficient;
      });
}

/// Takes constants and contents out of the factors and sorts them.
void ProductForm::simplify(Summand& summand) const {
  for (LinearForm& factor : summand.factors) {
    normalise(factor);
    if (factor.terms.empty()) {
      summand.coefficient *= factor.constant;
    } else {
      const mpq_class content = content_of(factor);
      summand.coefficient *= content;
      scale(factor, 1 / content);
    }
    if (!bearable(summand.coefficient)) too_large("has numbers that grow too large");
  }
  std::erase_if(summand.factors, [](const LinearForm& factor) { return factor.terms.empty(); });
  std::sort(summand.factors.begin(), summand.factors.end(), before);
}

/// Simplifies the products, adds like ones, and moves what is none to the linear form.
void ProductForm::simplify(Sum& sum) const {
  std::map<std::string, Summand> merged;
  for (Summand& summand : sum.products) {
    simplify(summand);
    if (summand.factors.empty()) {
      sum.linear.constant += summand.coefficient;
    } else if (summand.factors.size() == 1) {
      scale(summand.factors[0], summand.coefficient);
      add(sum.linear, std::move(summand.factors[0]), false);
    } else {
      const auto [known, added] = merged.try_emplace(key_of(summand.factors));
      if (added) {
        known->second = std::move(summand);
      } else {
        known->second.coefficient += summand.coefficient;
      }
    }
  }
  sum.products.clear();
  for (auto& [key, summand] : merged)
    if (sgn(summand.coefficient) != 0) sum.products.push_back(std::move(summand));
  normalise(sum.linear);
  check(sum);
}

/// The same as a polynomial; nothing where that has too many terms.
std::optional<Polynomial> ProductForm::expanded(const Sum& sum) const {
  std::size_t count = sum.linear.terms.size();
  for (const Summand& summand : sum.products) {
    count += monomials_of(summand, kMostMonomials);
    if (count > kMostMonomials) return std::nullopt;
  }
  Polynomial whole = polynomial_of(sum.linear);
  for (const Summand& summand : sum.products) {
    Polynomial part{{Monomial{}, summand.coefficient}};
    for (const LinearForm& factor : summand.factors) part = product(part, polynomial_of(factor));
    for (const auto& [monomial, coefficient] : part) whole[monomial] += coefficient;
  }
  std::erase_if(whole, [](const auto& entry) { return sgn(entry.second) == 0; });
  return whole;
}

void ProductForm::use_monomials(Sum& sum, const Polynomial& polynomial) const {
  sum = Sum{};
  for (const auto& [monomial, coefficient] : polynomial) {
    if (monomial.empty()) {
      sum.linear.constant = coefficient;
    } else if (monomial.size() == 1) {
      sum.linear.terms.push_back({monomial[0].first, monomial[0].second, coefficient});
    } else {
      Summand summand{coefficient, {}};
      for (const auto& [of, index] : monomial) summand.factors.push_back({{{of, index, 1}}, 0});
      std::sort(summand.factors.begin(), summand.factors.end(), before);
      sum.products.push_back(std::move(summand));
    }
  }
  normalise(sum.linear);
}

LinearForm ProductForm::run() {
  const AstNode& comparison = ast_.nodes[node_];
  CLIPBOUND_CHECK(comparison.kind == NodeKind::compare);
  Sum sum = term(node_ + 1), right = term(ast_.nodes[node_ + 1].end);
  add(sum.linear, std::move(right.linear), true);
  for (Summand& summand : right.products) {
    summand.coefficient = -summand.coefficient;
    sum.products.push_back(std::move(summand));
  }
  simplify(sum);
  const std::optional<Polynomial> polynomial = expanded(sum);
  const auto all_short = [](const Summand& summand) {
    return std::all_of(summand.factors.begin(), summand.factors.end(), is_short);
  };
  const bool fits = std::all_of(sum.products.begin(), sum.products.end(), all_short);
  if (polynomial) {
    const auto products = std::count_if(polynomial->begin(), polynomial->end(),
                                        [](const auto& entry) { return entry.first.size() > 1; });
    if (!fits || products < static_cast<std::ptrdiff_t>(sum.products.size()))
      use_monomials(sum, *polynomial);
  } else if (!fits) {
    too_large("multiplies sums of more than 53 bits that have too many terms to be expanded");
  }
  LinearForm form = std::move(sum.linear);
  for (Summand& summand : sum.products) {
    form.terms.push_back({Term::Of::output, table_.number_of(std::move(summand.factors)),
                          std::move(summand.coefficient)});
  }
  normalise(form);
  return form;
}

}  // namespace

std::int32_t ProductTable::number_of(std::vector<LinearForm>&& factors) {
  const auto [known, added] = known_.try_emplace(
      key_of(factors),
      static_cast<std::int32_t>(first_ + static_cast<std::int64_t>(products_.size())));
  if (added) products_.push_back({std::move(factors)});
  return known->second;
}

LinearForm difference_with_products(const Ast& ast, const SourceText& source, std::uint32_t node,
                                    ProductTable& table) {
  return ProductForm(ast, source, node, table).run();
}

}  // namespace clipbound::specs
