// Only judge(): what rows and boxes mean is specs/query/query.cpp's business.
#include "specs/evaluate/counterexample.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "base/check.h"
#include "specs/evaluate/evaluate.h"
#include "specs/network/float_grid.h"
#include "specs/network/integer_range.h"

namespace clipbound::specs {

namespace {

using Replays = std::array<std::vector<double>, 3>;
constexpr std::array kOrders = {SummationOrder::natural, SummationOrder::reversed,
                                SummationOrder::blocked};
constexpr std::array kOrderNames = {"natural", "reversed", "blocked"};

template <typename T>
Replays replay_all(const Network& network, std::span<const double> point) {
  const std::vector<T> x(point.begin(), point.end());
  std::vector<T> y(static_cast<std::size_t>(network.output_size()));
  Evaluator<T> evaluator(std::shared_ptr<const Network>(&network, [](const Network*) {}));
  Replays replays;
  for (std::size_t o = 0; o < kOrders.size(); ++o) {
    evaluator.replay(x, kOrders[o], y);
    replays[o].assign(y.begin(), y.end());
  }
  return replays;
}

/// Whether something between inputs and outputs is held to 16 bits. Runtimes leave out a Cast to
/// them and back, so that it is not rounded there.
bool has_narrow_middle(const Network& network) {
  const bool narrow = network.input_type() == DataType::float16;
  return !narrow &&
         std::any_of(network.values.begin(), network.values.end(), [](const Value& value) {
           return value.half != Half::none && !value.constant;
         });
}

/// The network without these roundings.
Network without_narrow_middle(const Network& network) {
  Network wide = network;
  for (Value& value : wide.values) {
    if (!value.constant) value.half = Half::none;
  }
  for (const auto* ends : {&network.inputs, &network.outputs}) {
    for (const ValueId id : *ends) wide.value(id).half = network.value(id).half;
  }
  return wide;
}

std::vector<Replays> all_replays(const Network& network, std::span<const double> point) {
  std::vector<Replays> all;
  const auto add = [&](const Network& n) {
    all.push_back(n.computes_in_float64() ? replay_all<double>(n, point)
                                          : replay_all<float>(n, point));
  };
  add(network);
  if (has_narrow_middle(network)) add(without_narrow_middle(network));
  return all;
}

/// But for hidden tensors' elements that nothing asks for.
bool all_finite(std::span<const double> values, const Query& query) {
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i]) && (query.unread == nullptr || (*query.unread)[i] == 0))
      return false;
  return true;
}

bool inside_exact(const Clause& clause, std::span<const double> x) {
  for (std::size_t i = 0; i < x.size(); ++i)
    if (const Ends& exact = (*clause.box)[i].exact; !(x[i] >= exact.lower && x[i] <= exact.upper))
      return false;
  return true;
}

/// Whether inputs of integer types, and truth values, have values of theirs.
bool has_whole_values(const Network& network, std::span<const double> x) {
  std::size_t first = 0;
  for (const ValueId id : network.inputs) {
    const Value& input = network.value(id);
    const auto part = x.subspan(first, static_cast<std::size_t>(input.size()));
    first += part.size();
    if (input.type != DataType::int64 && input.type != DataType::boolean) continue;
    const IntegerRange range =
        input.type == DataType::boolean ? IntegerRange{0.0, 2.0} : range_of(input.integers);
    if (!std::all_of(part.begin(), part.end(),
                     [&](double v) { return v == std::floor(v) && range.holds(v); }))
      return false;
  }
  return true;
}

/// Why nothing came of it, from the clause that came closest: 0 outside, 1 inside, 2 rows hold in
/// some order.
std::string explain(std::size_t clauses, int closest, std::size_t order) {
  if (clauses == 0) return "the query has no clause";
  if (closest == 0) return "the point lies outside every clause's box";
  if (closest == 1) return "the rows of no clause hold at the outputs";
  if (order >= kOrderNames.size())
    return "the rows do not hold where 16-bit numbers on the way are not rounded";
  return std::string("the orders of summation disagree: the rows do not hold in ") +
         kOrderNames[order] + " order";
}

/// What the rows are asked of: the network's tensors, and what is calculated of them exactly.
struct Asked {
  std::span<const double> outputs;
  std::vector<mpq_class> calculated;
};

/// One for each replay.
std::vector<Asked> asked_of(const Query& query, std::span<const double> point,
                            const std::vector<std::vector<double>>& replays) {
  std::vector<Asked> all;
  const std::size_t calculated = query.calculation ? query.calculation->outputs() : 0;
  for (const std::vector<double>& y : replays) {
    Asked asked{std::span(y).first(y.size() - calculated), {}};
    if (calculated > 0 && all_finite(asked.outputs, query))
      asked.calculated = query.calculation->values(point, asked.outputs);
    all.push_back(std::move(asked));
  }
  return all;
}

/// Why a point is none that the query may be about, its boxes not considered; empty where it is.
std::string why_no_input(const Network& network, const Query& query,
                         std::span<const double> point) {
  const DataType type = network.input_type();
  if (!std::all_of(point.begin(), point.end(), [&](double v) { return is_number_of(type, v); }))
    return std::string("the point is not made of finite ") + name_of(type) + " numbers";
  if (!has_whole_values(network, point))
    return "an input of an integer type has no value of that type";
  if (query.ball && !query.ball->certainly_holds(point))
    return "the point does not lie in the ball for certain";
  return {};
}

}  // namespace

Judgement judge(const Network& network, const Query& query, std::span<const double> point) {
  CLIPBOUND_CHECK(point.size() == static_cast<std::size_t>(network.input_size()));
  CLIPBOUND_CHECK(query.input_size == network.input_size() &&
                  query.output_size == network.output_size());
  Judgement judgement;
  const DataType input_type = network.input_type();
  judgement.why_not = why_no_input(network, query, point);
  if (!judgement.why_not.empty()) return judgement;
  std::vector<std::vector<double>> replays;
  for (Replays& orders : all_replays(network, point))
    std::move(orders.begin(), orders.end(), std::back_inserter(replays));
  judgement.outputs = replays[0];
  const std::vector<Asked> asked = asked_of(query, point, replays);
  if (!std::all_of(asked.begin(), asked.end(),
                   [&](const Asked& of) { return all_finite(of.outputs, query); })) {
    judgement.why_not = "an output is not finite";
    return judgement;
  }
  if (query.calculation &&
      !query.calculation->holds_as_calculated(input_type, point, asked[0].outputs)) {
    judgement.why_not = "the assertions do not hold as their type calculates them";
    return judgement;
  }
  int closest = 0;
  std::size_t failing_order = 0;
  for (std::size_t c = 0; c < query.clauses.size() && !judgement.inside_exact_box; ++c) {
    const Clause& clause = query.clauses[c];
    if (!inside_box(clause, input_type, point)) continue;
    std::vector<bool> holds;
    for (const Asked& of : asked)
      holds.push_back(rows_hold(clause, point, of.outputs, input_type, of.calculated));
    if (std::all_of(holds.begin(), holds.end(), [](bool h) { return h; })) {
      const bool exact = inside_exact(clause, point);
      // The first clause stands unless a later one holds exactly.
      if (judgement.holds && !exact) continue;
      judgement.holds = true;
      judgement.clause = c;
      judgement.inside_exact_box = exact;
    } else {
      const bool some = std::any_of(holds.begin(), holds.end(), [](bool h) { return h; });
      closest = std::max(closest, some ? 2 : 1);
      if (some)
        failing_order =
            static_cast<std::size_t>(std::find(holds.begin(), holds.end(), false) - holds.begin());
    }
  }
  if (!judgement.holds) judgement.why_not = explain(query.clauses.size(), closest, failing_order);
  return judgement;
}

}  // namespace clipbound::specs
