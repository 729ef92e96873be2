// Idea: Attention: softmax(scale Q K^T + mask) V, head by head. Where a mask is a constant that
// shuts positions out, only the others enter the softmax: nothing infinite is computed with.
// Source: ONNX operator specification, Attention (opsets 23 and 24).
// Guarantees: equal to the standard's in real arithmetic; a position that is shut out has weight 0.
// A cache, lengths of sequences, and masks that shut out differently from head to head are refused.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "specs/expand/steps.h"
#include "specs/ops/broadcast.h"

namespace clipbound::specs {
namespace {

/// Queries, keys and values [batch, heads, length, size], with as many heads each.
struct Heads {
  ValueId q, k, v;
  std::int64_t batch, heads, queries, positions;
  bool joined;  ///< the file has [batch, length, heads * size]
};

/// One of the three inputs as [batch, heads, length, size].
ValueId split_heads(Expansion& e, std::size_t i, std::int64_t heads) {
  const ValueId x = e.input(i);
  const Shape shape = e.shape(x);
  if (shape.size() == 4) return x;
  if (shape.size() != 3 || heads <= 0 || shape[2] % heads != 0)
    throw InputError("input " + std::to_string(i) + " of shape " + to_string(shape) +
                     " does not make " + std::to_string(heads) + " heads");
  const ValueId parts = reshape(e, x, {shape[0], shape[1], heads, shape[2] / heads});
  return transpose(e, parts, {0, 2, 1, 3});
}

/// Each head of keys and values serves as many heads of queries.
ValueId repeat_heads(Expansion& e, ValueId x, std::int64_t heads) {
  const std::int64_t own = e.shape(x)[1];
  if (own == heads) return x;
  if (own == 0 || heads % own != 0)
    throw InputError(std::to_string(heads) + " heads of queries share " + std::to_string(own) +
                     " of keys and values");
  Axes from;
  for (std::int64_t h = 0; h < heads; ++h) from.push_back(h / (heads / own));
  return e.add("Gather", {x, e.integers(from)}, {{"axis", std::int64_t{1}}});
}

Heads heads_of(Expansion& e) {
  const bool joined = e.shape(e.input(0)).size() == 3;
  const ValueId q = split_heads(e, 0, e.node().int_attribute("q_num_heads", 0));
  const std::int64_t kv_heads = e.node().int_attribute("kv_num_heads", 0);
  const ValueId k = split_heads(e, 1, kv_heads), v = split_heads(e, 2, kv_heads);
  const Shape qs = e.shape(q), ks = e.shape(k), vs = e.shape(v);
  if (qs[0] != ks[0] || ks[0] != vs[0] || ks[1] != vs[1] || ks[2] != vs[2] || qs[3] != ks[3])
    throw InputError("queries " + to_string(qs) + ", keys " + to_string(ks) + " and values " +
                     to_string(vs) + " do not fit");
  e.output(1, k);
  e.output(2, v);
  return {q,     repeat_heads(e, k, qs[1]), repeat_heads(e, v, qs[1]), qs[0], qs[1], qs[2], ks[2],
          joined};
}

/// For each query, which positions it sees.
using Sight = std::vector<std::vector<bool>>;

/// What a constant mask shuts out, and what is left to be added.
struct Mask {
  Sight sight;
  ValueId added = kNoValue;
};

void shut_out(Sight& sight, const Shape& shape, const std::vector<std::uint8_t>& shut,
              const Heads& h) {
  for (std::size_t d = 0; d + 2 < shape.size(); ++d)
    if (shape[d] != 1) throw Unsupported("a mask that shuts out differently from head to head");
  const Shape matrix{h.queries, h.positions};
  const auto from = broadcast_index(Shape(shape.end() - 2, shape.end()), matrix);
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (shut[static_cast<std::size_t>(from[i])] == 0) continue;
    const auto width = static_cast<std::size_t>(h.positions);
    sight[i / width][i % width] = false;
  }
}

/// A constant of truth values or numbers: which elements are shut out; -infinity is taken out of
/// the numbers.
void read_constant_mask(Expansion& e, ValueId given, const Heads& h, Mask& mask) {
  const Tensor tensor = *e.constant_of(given);
  std::vector<std::uint8_t> shut;
  std::vector<double> rest;
  bool adds = false;
  for (const double x : tensor.as_float64()) {
    const bool truth = tensor.type() == DataType::boolean,
               out = truth ? x == 0.0 : x == -std::numeric_limits<double>::infinity();
    shut.push_back(static_cast<std::uint8_t>(out));
    rest.push_back(truth || out ? 0.0 : x);
    adds = adds || rest.back() != 0.0;
  }
  if (std::find(shut.begin(), shut.end(), std::uint8_t{1}) != shut.end())
    shut_out(mask.sight, tensor.shape, shut, h);
  if (adds) mask.added = numbers(e, tensor.shape, rest, e.input(0));
}

Mask mask_of(Expansion& e, const Heads& h) {
  const auto width = static_cast<std::size_t>(h.positions);
  Mask mask{Sight(static_cast<std::size_t>(h.queries), std::vector<bool>(width, true)), kNoValue};
  if (e.node().int_attribute("is_causal", 0) != 0) {
    for (std::size_t i = 0; i < mask.sight.size(); ++i)
      for (std::size_t j = i + 1; j < width; ++j) mask.sight[i][j] = false;
  }
  if (!e.has(3)) return mask;
  const ValueId given = e.input(3);
  const Shape shape = e.shape(given), scores{h.batch, h.heads, h.queries, h.positions};
  if (shape.size() < 2 || broadcast_shapes(shape, scores) != scores)
    throw InputError("the mask " + to_string(shape) + " does not fit " + to_string(scores));
  if (e.constant_of(given)) {
    read_constant_mask(e, given, h, mask);
  } else if (e.type(given) == DataType::boolean) {
    throw Unsupported("a mask of truth values that depends on the network's input");
  } else {
    mask.added = given;
  }
  return mask;
}

ValueId pick(Expansion& e, ValueId x, const Axes& which, std::int64_t axis) {
  return e.add("Gather", {x, e.integers(which)}, {{"axis", axis}});
}

/// softmax(scores) V for queries that see all positions of `scores`.
ValueId weighted(Expansion& e, ValueId scores, ValueId values) {
  return e.add("MatMul", {e.add("Softmax", {scores}, {{"axis", std::int64_t{-1}}}), values});
}

/// Queries that see the same positions are taken together.
ValueId attend(Expansion& e, const Heads& h, ValueId scores, const Sight& sight) {
  std::map<std::vector<bool>, Axes> alike;
  for (std::size_t i = 0; i < sight.size(); ++i)
    alike[sight[i]].push_back(static_cast<std::int64_t>(i));
  if (alike.size() == 1 && alike.begin()->first == std::vector<bool>(sight[0].size(), true))
    return weighted(e, scores, h.v);
  std::vector<ValueId> parts;
  Axes place(sight.size());
  std::int64_t next = 0;
  for (const auto& [seen, queries] : alike) {
    Axes positions;
    for (std::size_t j = 0; j < seen.size(); ++j)
      if (seen[j]) positions.push_back(static_cast<std::int64_t>(j));
    if (positions.empty()) throw Unsupported("a query that sees nothing");
    const ValueId rows = pick(e, pick(e, scores, queries, 2), positions, 3);
    parts.push_back(weighted(e, rows, pick(e, h.v, positions, 2)));
    for (const std::int64_t i : queries) place[static_cast<std::size_t>(i)] = next++;
  }
  return pick(e, join(e, parts, 2), place, 2);
}

}  // namespace

void expand_attention(Expansion& e) {
  expect_inputs(e, 3, 7);
  for (std::size_t i = 0; i < 3; ++i) expect_floating(e, i);
  if (e.has(4) || e.has(5)) throw Unsupported("a cache of keys and values");
  if (e.has(6)) throw Unsupported("lengths of sequences");
  const double softcap = e.node().float_attribute("softcap", 0.0);
  if (softcap != 0.0 && (e.has(3) || e.node().int_attribute("is_causal", 0) != 0))
    throw Unsupported("softcap with a mask, whose order differs between versions of ONNX");
  const Heads h = heads_of(e);
  const double size = static_cast<double>(e.shape(h.q)[3]),
               scale = e.node().float_attribute("scale", 1.0 / std::sqrt(size));
  const ValueId queries = e.add("Mul", {h.q, e.number(scale, h.q)});
  ValueId scores = e.add("MatMul", {queries, transpose(e, h.k, {0, 1, 3, 2})});
  if (e.wants(3) && e.node().int_attribute("qk_matmul_output_mode", 0) != 0)
    throw Unsupported("an output of scores after the mask");
  e.output(3, scores);
  const Mask mask = mask_of(e, h);
  if (mask.added != kNoValue) scores = e.add("Add", {scores, mask.added});
  if (softcap != 0.0) {
    const ValueId cap = e.number(softcap, scores);
    scores = e.add("Mul", {e.add("Tanh", {e.add("Div", {scores, cap})}), cap});
  }
  const ValueId y = attend(e, h, scores, mask.sight);
  if (!h.joined) return e.output(0, y);
  const std::int64_t width = h.heads * e.shape(y)[3];
  e.output(0, reshape(e, transpose(e, y, {0, 2, 1, 3}), {h.batch, h.queries, width}));
}

}  // namespace clipbound::specs
