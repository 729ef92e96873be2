// Idea: depth first; of every split the first side goes on, the second is kept until it is closed.
// Source: docs/certificate.md, "Meaning".
// Guarantees: see the header.
#include "checker/kernel/tree.h"

#include <cmath>

#include "checker/kernel/arithmetic.h"
#include "checker/kernel/errors.h"

namespace clipcheck {

namespace {
// Open scopes, their bytes, those of a scope's constraints: no proof of ours needs so many.
constexpr std::size_t kDeepest = 10000, kMostBytes = std::size_t{1} << 30,
                      kMostConstraintBytes = std::size_t{256} << 20;
}  // namespace

template <class T>
void TreeChecker<T>::check(Scope<T> scope) {
  scope_ = std::move(scope);
  open_.clear();
  ends_.clear();
  of_box_alone_ = apart_ != nullptr;  // a subtree that is checked apart is of more
  while (true) {
    closed_ = false;
    while (!closed_) {
      stream_.mark();
      if (!step(stream_.byte())) stream_.refuse("unknown kind of record");
    }
    // Trees whose second side this was are complete, too.
    while (!ends_.empty() && ends_.back().first == open_.size()) {
      if (ends_.back().second != stream_.offset()) stream_.refuse("a subtree has another length");
      ends_.pop_back();
    }
    if (open_.empty()) return;
    scope_ = std::move(open_.back());
    open_.pop_back();
  }
}

template <class T>
bool TreeChecker<T>::step(std::uint8_t tag) {
  switch (tag) {
    case 'I': scope_.bounds.propagate(system_); return true;
    case 'B': bound_layer(); return true;
    case 'b': bound_listed(); return true;
    case 'a': choose_slopes(); return true;
    case 'H': add_constraint(); return true;
    case 'e': cut_edges(); return true;
    case 'J': subtree(); return true;
    case 'X': return split_input();
    case 'N': return split_neuron();
    case 'L': leaf(); return true;
    case 'O': close(); return true;
    case 'K': keep_bounds(); return true;
    case 'k': take_bounds(); return true;
    default: return false;
  }
}

template <class T>
bool TreeChecker<T>::add_multipliers() {
  bool strict = false;
  for (std::uint64_t count = stream_.varint(); count > 0; --count) {
    const std::size_t k = stream_.index(scope_.constraints.size(), "constraint");
    const auto factor = static_cast<double>(stream_.f32());
    if (factor < 0.0) stream_.refuse("a multiplier is negative");
    if (factor == 0.0) continue;
    of_box_alone_ = false;
    form_.add(*scope_.constraints[k], factor);
    strict = strict || scope_.constraints[k]->strict;
  }
  return strict;
}

template <class T>
void TreeChecker<T>::leaf() {
  form_.clear();
  const bool strict = add_multipliers();
  form_.substitute(scope_);
  const T minimum = form_.minimum(scope_);
  ++counts_.leaves;
  if (form_.overflowed() || !(minimum > 0 || (strict && minimum >= 0)))
    stream_.refuse("a leaf is not closed: the bound is " + std::to_string(down(minimum)));
  closed_ = true;
}

template <class T>
void TreeChecker<T>::close() {
  bool empty = false;
  for (Index e = 0; e < system_.size() && !empty; ++e)
    empty = scope_.bounds.lower[e] > scope_.bounds.upper[e];
  if (!empty) stream_.refuse("no interval is empty");
  ++counts_.leaves;
  closed_ = true;
}

template <class T>
void TreeChecker<T>::bound(const Group& group, Index k, bool upper) {
  const Index z = group.pre[k];
  form_.substitute(scope_);
  const T minimum = form_.minimum(scope_);
  ++counts_.bounds;
  if (form_.overflowed()) return;
  if (upper)
    scope_.bounds.cut_upper(z, -down(minimum));
  else
    scope_.bounds.cut_lower(z, down(minimum));
  scope_.bounds.cut_neuron(group, k);
}

template <class T>
void TreeChecker<T>::bound_layer() {
  const Group& group = system_.layer(stream_.index(system_.layers(), "layer"));
  for (Index k = 0; k < group.count; ++k) {
    const Index z = group.pre[k];
    for (const bool upper : {false, true}) {
      if (!(scope_.bounds.lower[z] < 0.0 && scope_.bounds.upper[z] > 0.0)) continue;
      form_.clear();
      form_.add(z, upper ? T(1) : T(-1), upper ? T(-1) : T(1));
      bound(group, k, upper);
    }
  }
}

template <class T>
void TreeChecker<T>::bound_listed() {
  const Group& group = system_.layer(stream_.index(system_.layers(), "layer"));
  for (std::uint64_t count = stream_.varint(); count > 0; --count) {
    const auto k = static_cast<Index>(stream_.index(group.count, "neuron"));
    const bool upper = stream_.index(2, "side") == 1;
    form_.clear();
    form_.add(group.pre[k], upper ? T(1) : T(-1), upper ? T(-1) : T(1));
    add_multipliers();
    bound(group, k, upper);
  }
}

template <class T>
void TreeChecker<T>::choose_slopes() {
  const Group& group = system_.layer(stream_.index(system_.layers(), "layer"));
  const std::size_t form = stream_.index(3, "form of slopes");
  std::size_t k = 0;
  for (std::uint64_t count = stream_.varint(); count > 0; --count) {
    if (k >= group.count) stream_.refuse("more slopes than neurons");
    k += stream_.index(group.count - k, "neuron");
    scope_.slopes[group.first_neuron + k] = form == 0   ? std::nanf("")
                                            : form == 1 ? stream_.f16()
                                                        : stream_.f32();
    ++k;
  }
}

template <class T>
void TreeChecker<T>::add_constraint() {
  form_.clear();
  const bool strict = add_multipliers();
  form_.substitute(scope_);
  Constraint<T> constraint = form_.constraint(scope_);
  ++counts_.constraints;
  if (form_.overflowed()) stream_.refuse("a constraint overflows");
  constraint.strict = strict;
  add_constraint(scope_, std::move(constraint));
}

template <class T>
void TreeChecker<T>::add_constraint(Scope<T>& scope, Constraint<T> constraint) {
  // Those of open scopes are these, too, but for decisions.
  const std::size_t each = 64 + sizeof(typename Constraint<T>::Term) * system_.inputs();
  if (scope.constraints.size() >= kMostConstraintBytes / each)
    stream_.refuse("a scope has too many constraints");
  scope.constraints.push_back(std::make_shared<Constraint<T>>(std::move(constraint)));
}

/// Edges, decisions and constraints have not entered: the bounds hold in the whole box, whatever
/// the clause is.
template <class T>
void TreeChecker<T>::keep_bounds() {
  if (!of_box_alone_) stream_.refuse("bounds that are kept are of more than the box");
  kept_ = scope_.bounds;
  kept_slopes_ = scope_.slopes;
}

template <class T>
void TreeChecker<T>::take_bounds() {
  if (!of_box_alone_) stream_.refuse("kept bounds are taken up before anything else");
  const Bounds& now = scope_.bounds;
  bool same = kept_.has_value();
  for (Index i = 0; i < system_.inputs() && same; ++i)
    same = kept_->lower[i] == now.lower[i] && kept_->upper[i] == now.upper[i];
  if (!same) stream_.refuse("no bounds of this box were kept");
  scope_.bounds = *kept_;
  scope_.slopes = kept_slopes_;
}

template <class T>
void TreeChecker<T>::cut_edges() {
  of_box_alone_ = false;
  const Constraint<T>& c =
      *scope_.constraints[stream_.index(scope_.constraints.size(), "constraint")];
  const std::size_t n = c.terms.size();
  Bounds& bounds = scope_.bounds;
  // sums[k]: at least -(all terms before k); then those after it are added from behind.
  std::vector<T> sums(n, T(0));
  const auto negated_least = [&](std::size_t k) {
    const auto& term = c.terms[k];
    const double x = term.high < 0 ? bounds.upper[term.element] : bounds.lower[term.element];
    const T at = T(term.negated_low) * T(x);
    return at;
  };
  for (std::size_t k = 0; k < n; ++k) {
    const auto& term = c.terms[k];
    if (term.element >= system_.inputs() || term.high != -term.negated_low)
      stream_.refuse("a constraint that cuts edges is not over inputs alone");
    if (!is_finite(bounds.magnitude(term.element))) stream_.refuse("an input is not bounded");
    if (k + 1 < n) sums[k + 1] = sums[k] + negated_least(k);
  }
  T behind = c.negated_constant;
  std::vector<std::pair<Index, std::pair<bool, double>>> cuts;
  for (std::size_t k = n; k-- > 0;) {
    // g_k x_k <= rest.
    const T rest = sums[k] + behind;
    const T size = c.terms[k].high < 0 ? T(c.terms[k].negated_low) : T(c.terms[k].high);
    const T end = rest / size;
    cuts.emplace_back(c.terms[k].element, std::make_pair(c.terms[k].high > 0, up(end)));
    behind = behind + negated_least(k);
  }
  for (const auto& [i, cut] : cuts) {
    if (cut.first)
      bounds.cut_upper(i, cut.second);
    else
      bounds.cut_lower(i, -cut.second);
  }
}

template <class T>
void TreeChecker<T>::subtree() {
  const std::uint64_t length = stream_.varint();
  if (apart_ != nullptr && apart_->wants(length)) {
    const std::uint64_t offset = stream_.offset();
    apart_->check(stream_.bytes(length), offset, std::move(scope_));
    closed_ = true;
    return;
  }
  of_box_alone_ = false;
  if (ends_.size() >= kDeepest) stream_.refuse("the tree is too deep");
  ends_.emplace_back(open_.size(), stream_.offset() + length);
}

template <class T>
void TreeChecker<T>::push(Scope<T> other) {
  ++counts_.splits;
  of_box_alone_ = false;
  const std::size_t each = system_.size() * std::size_t{20} + other.constraints.size() * 16;
  if (open_.size() >= kDeepest || open_.size() * each > kMostBytes)
    stream_.refuse("the tree is too deep");
  open_.push_back(std::move(other));
}

template <class T>
bool TreeChecker<T>::split_input() {
  const auto i = static_cast<Index>(stream_.index(system_.inputs(), "input"));
  const double at = stream_.f64();
  Scope<T> other = scope_;
  scope_.bounds.cut_upper(i, at);
  other.bounds.cut_lower(i, at);
  push(std::move(other));
  return true;
}

template <class T>
bool TreeChecker<T>::split_neuron() {
  const Group& group = system_.layer(stream_.index(system_.layers(), "layer"));
  const auto k = static_cast<Index>(stream_.index(group.count, "neuron"));
  const auto at = static_cast<double>(stream_.f32());
  Scope<T> other = scope_;
  const Index z = group.pre[k];
  const auto decide = [&](Scope<T>& scope, double sign) {
    Constraint<T> constraint;  // sign * (z - at) <= 0
    constraint.terms.push_back({z, T(-sign), T(sign)});
    constraint.negated_constant = T(sign * at);
    add_constraint(scope, std::move(constraint));
    if (sign > 0.0)
      scope.bounds.cut_upper(z, at);
    else
      scope.bounds.cut_lower(z, at);
    scope.bounds.cut_neuron(group, k);
  };
  decide(scope_, 1.0);
  decide(other, -1.0);
  push(std::move(other));
  return true;
}

template class TreeChecker<double>;
template class TreeChecker<mpq_class>;

}  // namespace clipcheck
