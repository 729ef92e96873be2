// Idea: a Query is read from a file, or built clause by clause.
// Source: own.
// Guarantees: those of what it calls.
#include "solver/api/implementation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "specs/joint/query_calculation.h"
#include "specs/query/number.h"
#include "specs/vnnlib/vnnlib.h"

namespace clipbound {

namespace {

specs::InputInterval interval_of(double lower, double upper, std::size_t index) {
  const auto refuse = [&](const std::string& why) {
    throw InputError("the box of input " + std::to_string(index) + " " + why);
  };
  if (!std::isfinite(static_cast<float>(lower)) || !std::isfinite(static_cast<float>(upper)))
    refuse("has a bound that is not finite in float32");
  if (lower > upper) refuse("is empty: lower > upper");
  return specs::intersection(specs::lower_edges(specs::float64_neighbours(lower)),
                             specs::upper_edges(specs::float64_neighbours(upper)));
}

specs::Row inner_row(const Row& row, std::size_t inputs, std::size_t outputs) {
  if (!std::isfinite(row.threshold)) throw InputError("a row's threshold is not finite");
  std::vector<std::pair<std::pair<int, std::size_t>, mpq_class>> sums;
  for (const Term& term : row.terms) {
    const bool is_input = term.of == Term::Of::input;
    if (term.index >= (is_input ? inputs : outputs)) {
      throw InputError(std::string("a row speaks of ") + (is_input ? "X_" : "Y_") +
                       std::to_string(term.index) + ", which the query does not have");
    }
    if (!std::isfinite(term.coefficient)) throw InputError("a row's coefficient is not finite");
    const std::pair<int, std::size_t> key{is_input ? 0 : 1, term.index};
    const auto found =
        std::find_if(sums.begin(), sums.end(), [&](const auto& sum) { return sum.first == key; });
    if (found == sums.end()) {
      sums.emplace_back(key, term.coefficient);
    } else {
      found->second += mpq_class(term.coefficient);
    }
  }
  std::sort(sums.begin(), sums.end(),
            [](const auto& a, const auto& b) { return a.first < b.first; });
  specs::Row inner;
  for (auto& [key, sum] : sums) {
    if (sum == 0) continue;
    inner.terms.push_back({.of = key.first == 0 ? specs::Term::Of::input : specs::Term::Of::output,
                           .index = static_cast<std::int32_t>(key.second),
                           .coefficient = specs::make_number(std::move(sum))});
  }
  if (inner.terms.empty()) throw InputError("a row has no term with a coefficient other than zero");
  inner.threshold = specs::make_number(mpq_class(row.threshold));
  inner.strict = row.strict;
  return inner;
}

template <typename Implementation>
std::shared_ptr<Implementation> empty_query(std::size_t inputs, std::size_t outputs) {
  if (inputs == 0 || outputs == 0 || inputs > kMostVariables || outputs > kMostVariables) {
    throw InputError("a query needs between 1 and 2^31 - 1 inputs and outputs");
  }
  auto implementation = std::make_shared<Implementation>();
  implementation->query.input_size = static_cast<std::int64_t>(inputs);
  implementation->query.output_size = static_cast<std::int64_t>(outputs);
  implementation->query.source = "memory";
  return implementation;
}

}  // namespace

namespace {

Query query_of(specs::JointQuery joint) {
  if (joint.networks.empty()) return Query::Implementation::holding({std::move(joint.query)});
  Query::Implementation implementation{joint.query};
  implementation.query.calculation = specs::calculation_of(joint);
  implementation.joint = std::make_shared<const specs::JointQuery>(std::move(joint));
  return Query::Implementation::holding(std::move(implementation));
}

}  // namespace

CLIPBOUND_ANY_CPU Query Query::load(const std::string& path) {
  base::require_cpu();
  return query_of(specs::read_joint_query(path));
}

CLIPBOUND_ANY_CPU Query Query::parse(std::string_view text, const std::string& source) {
  base::require_cpu();
  return query_of(specs::parse_joint_query(text, source));
}

CLIPBOUND_ANY_CPU Query::Query(std::size_t inputs, std::size_t outputs) {
  base::require_cpu();
  implementation_ = empty_query<Implementation>(inputs, outputs);
}

Query& Query::add_clause(std::span<const double> lower, std::span<const double> upper,
                         std::span<const Row> rows) {
  const std::size_t inputs = input_size(), outputs = output_size();
  if (implementation_->query.calculation)
    throw InputError("clauses cannot be added to a query whose assertions calculate");
  if (lower.size() != inputs || upper.size() != inputs) {
    throw InputError("a clause's box needs " + std::to_string(inputs) +
                     " lower and upper bounds, got " + std::to_string(lower.size()) + " and " +
                     std::to_string(upper.size()));
  }
  specs::Clause clause;
  specs::Box box;
  box.reserve(inputs);
  for (std::size_t i = 0; i < inputs; ++i) box.push_back(interval_of(lower[i], upper[i], i));
  for (const Row& row : rows) clause.rows.push_back(inner_row(row, inputs, outputs));
  // Copies are independent: whoever writes first takes a copy of what is shared.
  if (implementation_.use_count() > 1)
    implementation_ = std::make_shared<Implementation>(*implementation_);
  // Clauses on one box share it, and with it the bounds of all neurons.
  const auto& clauses = implementation_->query.clauses;
  const bool again = !clauses.empty() && box == *clauses.back().box;
  clause.box = again ? clauses.back().box : std::make_shared<const specs::Box>(std::move(box));
  implementation_->query.clauses.push_back(std::move(clause));
  return *this;
}

std::size_t Query::input_size() const {
  return static_cast<std::size_t>(implementation_->query.input_size);
}
std::size_t Query::output_size() const {
  return static_cast<std::size_t>(implementation_->query.output_size);
}
std::size_t Query::clause_count() const {
  return implementation_->query.clauses.size();
}

namespace {

/// One end of each interval on which `unsat` is proved.
std::vector<double> ends_of(const specs::Query& query, std::size_t clause,
                            specs::DataType input_type, double specs::Ends::*end) {
  if (clause >= query.clauses.size()) {
    throw InputError("the query has no clause " + std::to_string(clause) + ": it has " +
                     std::to_string(query.clauses.size()));
  }
  std::vector<double> ends;
  for (const specs::InputInterval& interval : *query.clauses[clause].box)
    ends.push_back(interval.proof_in(input_type).*end);
  return ends;
}

specs::DataType input_type_of(const Network& network) {
  return network.implementation().network->input_type();
}

}  // namespace

std::vector<double> Query::box_lower(std::size_t clause) const {
  return ends_of(implementation_->query, clause, specs::DataType::float32, &specs::Ends::lower);
}
std::vector<double> Query::box_lower(std::size_t clause, const Network& network) const {
  return ends_of(implementation_->query, clause, input_type_of(network), &specs::Ends::lower);
}
std::vector<double> Query::box_upper(std::size_t clause) const {
  return ends_of(implementation_->query, clause, specs::DataType::float32, &specs::Ends::upper);
}
std::vector<double> Query::box_upper(std::size_t clause, const Network& network) const {
  return ends_of(implementation_->query, clause, input_type_of(network), &specs::Ends::upper);
}

std::vector<std::string> Query::networks() const {
  std::vector<std::string> names;
  if (implementation_->joint)
    for (const auto& network : implementation_->joint->networks) names.push_back(network.name);
  return names;
}

bool Query::declares_float_types() const {
  if (!implementation_->joint) return false;
  const auto& networks = implementation_->joint->networks;
  return std::any_of(networks.begin(), networks.end(), [](const auto& network) {
    return std::any_of(network.tensors.begin(), network.tensors.end(),
                       [](const auto& tensor) { return tensor.type != specs::DeclaredType::real; });
  });
}

const std::vector<std::string>& Query::warnings() const {
  return implementation_->query.warnings;
}
FileInfo Query::file() const {
  const specs::Query& inner = implementation_->query;
  return inner.file.path.empty() ? FileInfo{inner.source} : inner.file;
}

}  // namespace clipbound
