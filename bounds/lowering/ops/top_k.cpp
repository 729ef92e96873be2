// Idea: TopK. Values: a sorting network, whose comparisons are max(a, b) = a + relu(b - a) and
// min(a, b) = b - relu(b - a); one that is decided exchanges or leaves. Only comparisons that the
// first k places depend on are made. Indices: every element's rank is the number of elements before
// it, a sum of steps, and the index at rank r is the sum of j [rank_j = r]. Where two are equal,
// their step may be 0 or 1, which covers the order that ONNX Runtime chooses.
// Source: merge exchange sorting (Batcher 1968; Knuth, The Art of Computer Programming 3, 5.2.2,
// algorithm M).
// Guarantees: exact: every step is affine or a relaxed activation (S1, S3).
#include <algorithm>

#include "base/error.h"
#include "bounds/lowering/ops/axis_lists.h"
#include "bounds/lowering/ops/integers.h"
#include "bounds/lowering/ops/sorting_network.h"
#include "specs/network/op_table.h"

namespace clipbound::bounds {

namespace {

constexpr std::int64_t kMostRanked = 64;            // candidates, for indices
constexpr std::int64_t kMostExchanges = 1'000'000;  // comparisons of numbers, for values

/// Candidate j of every list, for each j.
std::vector<AffineForm> candidates_of(const AffineForm& x, const AxisLists& lists) {
  std::vector<AffineForm> candidates;
  for (std::int64_t j = 0; j < lists.length; ++j) {
    std::vector<Pick> picks;
    for (const std::int64_t first : lists.first) picks.push_back({0, first + j * lists.step});
    candidates.push_back(gather({&x}, picks));
  }
  return candidates;
}

/// One stage of the network: its comparisons do not touch each other. sign: 1 where the largest
/// comes first, else -1.
void exchange(LowerContext& context, const std::vector<Comparison>& stage, double sign,
              std::vector<AffineForm>& places) {
  const std::int64_t lists = places[0].size();
  std::vector<const AffineForm*> forms;
  for (const AffineForm& place : places) forms.push_back(&place);
  std::vector<Pick> firsts, seconds, open;
  for (const Comparison& c : stage) {
    for (std::int64_t e = 0; e < lists; ++e) {
      firsts.push_back({static_cast<std::int32_t>(c.first), e});
      seconds.push_back({static_cast<std::int32_t>(c.second), e});
    }
  }
  const AffineForm a = gather(forms, firsts), b = gather(forms, seconds);
  const AffineForm excess = combine(context, {&b, &a}, {sign, -sign});
  const IntervalVector range = enclose(excess, context.sources());
  // 0: a, 1: b, 2: the better of both, 3: the worse.
  std::vector<Pick> first, second;
  for (std::size_t i = 0; i < firsts.size(); ++i) {
    const auto e = static_cast<std::int64_t>(i);
    const bool stays = range.upper[i] <= 0.0, goes = range.lower[i] >= 0.0;
    const auto at = static_cast<std::int64_t>(open.size());
    first.push_back(stays ? Pick{0, e} : goes ? Pick{1, e} : Pick{2, at});
    second.push_back(stays ? Pick{1, e} : goes ? Pick{0, e} : Pick{3, at});
    if (!stays && !goes) open.push_back({0, e});
  }
  AffineForm better, worse;
  if (!open.empty()) {
    const AffineForm x = gather({&a}, open), y = gather({&b}, open);
    const AffineForm r = context.add_relu(gather({&excess}, open), kNoValue);
    better = combine(context, {&x, &r}, {1.0, sign});
    worse = combine(context, {&y, &r}, {1.0, -sign});
  }
  for (std::size_t c = 0; c < stage.size(); ++c) {
    const auto from = static_cast<std::ptrdiff_t>(c) * lists, to = from + lists;
    const std::vector<const AffineForm*> parts{&a, &b, &better, &worse};
    places[stage[c].first] = gather(parts, {first.begin() + from, first.begin() + to});
    places[stage[c].second] = gather(parts, {second.begin() + from, second.begin() + to});
  }
}

/// Results of rank 0 ... k - 1 for every list, as the output holds them.
AffineForm laid_out(const std::vector<AffineForm>& ranked, const AxisLists& lists) {
  std::vector<const AffineForm*> forms;
  for (const AffineForm& form : ranked) forms.push_back(&form);
  std::vector<Pick> picks(ranked.size() * lists.first.size());
  const auto k = static_cast<std::int64_t>(ranked.size());
  for (std::size_t i = 0; i < lists.first.size(); ++i) {
    const auto list = static_cast<std::int64_t>(i);
    for (std::int64_t r = 0; r < k; ++r)
      picks[static_cast<std::size_t>((list / lists.step * k + r) * lists.step +
                                     list % lists.step)] = {static_cast<std::int32_t>(r), list};
  }
  return gather(forms, picks);
}

/// [n * lists] how many elements come before element j of a list.
AffineForm ranks_of(LowerContext& context, const std::vector<AffineForm>& candidates, double sign,
                    bool integer) {
  const std::int64_t lists = candidates[0].size();
  const std::size_t n = candidates.size();
  std::vector<const AffineForm*> forms;
  for (const AffineForm& candidate : candidates) forms.push_back(&candidate);
  std::vector<Pick> lefts, rights;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j) {
      for (std::int64_t e = 0; e < lists; ++e) {
        lefts.push_back({static_cast<std::int32_t>(i), e});
        rights.push_back({static_cast<std::int32_t>(j), e});
      }
    }
  }
  const AffineForm left = gather(forms, lefts), right = gather(forms, rights);
  // Of equal integers the first comes first: x_i >= x_j is x_i - x_j + 1 > 0.
  const AffineForm before =
      is_positive(context,
                  combine(context, {&left, &right}, {sign, -sign},
                          std::vector<double>(lefts.size(), integer ? 1.0 : 0.0)),
                  std::vector<char>(lefts.size(), integer ? 1 : 0));
  std::vector<std::vector<WeightedTerm>> terms(n * static_cast<std::size_t>(lists));
  std::vector<double> offset(terms.size(), 0.0);
  std::int64_t pair = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = i + 1; j < n; ++j) {
      for (std::int64_t e = 0; e < lists; ++e, ++pair) {
        const std::size_t of_i = i * static_cast<std::size_t>(lists) + static_cast<std::size_t>(e),
                          of_j = j * static_cast<std::size_t>(lists) + static_cast<std::size_t>(e);
        terms[of_j].push_back({0, pair, 1.0});
        terms[of_i].push_back({0, pair, -1.0});
        offset[of_i] += 1.0;
      }
    }
  }
  std::vector<std::int64_t> begin{0};
  std::vector<WeightedTerm> all;
  for (const auto& row : terms) {
    all.insert(all.end(), row.begin(), row.end());
    begin.push_back(static_cast<std::int64_t>(all.size()));
  }
  return linear_map({&before}, begin, all, offset, context.magnitudes());
}

/// The index at rank r of every list, r = 0 ... k - 1.
std::vector<AffineForm> indices_of(LowerContext& context, const AffineForm& ranks, std::int64_t n,
                                   std::int64_t k) {
  const std::int64_t lists = ranks.size() / n;
  std::vector<AffineForm> indices;
  const std::vector<char> integer(ranks.constant.size(), 1);
  for (std::int64_t r = 0; r < k; ++r) {
    const AffineForm here =
        is_zero(context, combine(context, {&ranks}, {1.0}, repeat(-static_cast<double>(r), ranks)),
                integer);
    std::vector<std::int64_t> begin{0};
    std::vector<WeightedTerm> terms;
    for (std::int64_t e = 0; e < lists; ++e) {
      for (std::int64_t j = 1; j < n; ++j)
        terms.push_back({0, j * lists + e, static_cast<double>(j)});
      begin.push_back(static_cast<std::int64_t>(terms.size()));
    }
    indices.push_back(linear_map({&here}, begin, terms,
                                 std::vector<double>(static_cast<std::size_t>(lists), 0.0),
                                 context.magnitudes()));
  }
  return indices;
}

/// Indices of which nothing is known.
AffineForm any_index(std::int64_t count, std::int64_t n) {
  AffineForm form;
  form.constant.assign(static_cast<std::size_t>(count), 0.5 * static_cast<double>(n - 1));
  form.radius = form.constant;
  return form;
}

bool is_used(const Network& network, ValueId id) {
  const auto reads = [id](const std::vector<ValueId>& ids) {
    return std::find(ids.begin(), ids.end(), id) != ids.end();
  };
  return reads(network.outputs) ||
         std::any_of(network.nodes.begin(), network.nodes.end(),
                     [&](const Node& node) { return reads(node.inputs); });
}

}  // namespace

std::vector<AffineForm> lower_top_k(LowerContext& context, const Node& node) {
  const Network& network = context.network();
  const Value& x = network.value(node.inputs[0]);
  const std::int64_t axis = node.int_attribute("axis", -1);
  const AxisLists lists = lists_of(x.shape, axis, Extent::one_axis);
  const Shape& shape = network.value(node.outputs[0]).shape;
  const std::int64_t n = lists.length,
                     k = element_count(shape) / static_cast<std::int64_t>(lists.first.size());
  const double sign = node.int_attribute("largest", 1) != 0 ? 1.0 : -1.0;
  AffineForm scratch;
  const AffineForm& form = form_of(context, node.inputs[0], scratch);
  const std::vector<AffineForm> candidates = candidates_of(form, lists);
  const auto stages = sorting_network(static_cast<std::size_t>(n), static_cast<std::size_t>(k));
  std::int64_t exchanges = 0;
  for (const auto& stage : stages)
    exchanges += static_cast<std::int64_t>(stage.size() * lists.first.size());
  if (exchanges > kMostExchanges) throw Unsupported("it has too many candidates");
  const bool ranked = node.outputs.size() > 1 && is_used(network, node.outputs[1]);
  if (ranked && n > kMostRanked) throw Unsupported("the indices of so many candidates");
  std::vector<AffineForm> places = candidates;
  for (const auto& stage : stages) exchange(context, stage, sign, places);
  places.resize(static_cast<std::size_t>(k));
  std::vector<AffineForm> results{laid_out(places, lists)};
  if (node.outputs.size() == 1) return results;
  if (!ranked) {  // nobody asks
    results.push_back(any_index(results[0].size(), n));
    return results;
  }
  const AffineForm ranks = ranks_of(context, candidates, sign, x.type == DataType::int64);
  results.push_back(laid_out(indices_of(context, ranks, n, k), lists));
  return results;
}

}  // namespace clipbound::bounds
