// Idea: Pad. Mode constant inserts a number (linear); where nothing is inserted, and in the modes
// edge, reflect and wrap, it only moves elements and is the form `pad_copy`. Negative pads remove
// elements.
// Source: ONNX operator specification, Pad.
// Guarantees: copies and the inserted number are exact (S1).
#include <algorithm>

#include "specs/ops/movement.h"

namespace clipbound::specs {
namespace {

constexpr std::int64_t kInserted = -1;

/// Pads before and after, per axis of the input.
struct Pads {
  std::vector<std::int64_t> before, after;
};

Pads pads_of(const Network& network, const Node& node) {
  const std::size_t rank = input_of(network, node, 0).shape.size();
  const char* key = node.opset < 2 ? "paddings" : "pads";
  const auto given = ints_from(network, node, key, 1);
  if (!given) throw InputError("has no pads");
  std::vector<std::int64_t> axes(rank);
  for (std::size_t d = 0; d < rank; ++d) axes[d] = static_cast<std::int64_t>(d);
  if (has_input(node, 3)) axes = checked_axes(constant_ints(network, node, 3, "the axes"), rank);
  if (given->size() != 2 * axes.size()) throw InputError("needs two pads per axis");
  Pads pads{std::vector<std::int64_t>(rank, 0), std::vector<std::int64_t>(rank, 0)};
  for (std::size_t i = 0; i < axes.size(); ++i) {
    pads.before[static_cast<std::size_t>(axes[i])] = (*given)[i];
    pads.after[static_cast<std::size_t>(axes[i])] = (*given)[i + axes.size()];
  }
  for (const auto* side : {&pads.before, &pads.after})
    for (const std::int64_t p : *side)
      if (p > kLargestTensor || p < -kLargestTensor)
        throw InputError("absurd pad " + std::to_string(p));
  return pads;
}

std::int64_t place_of(std::int64_t i, std::int64_t length, const std::string& mode) {
  if (i >= 0 && i < length) return i;
  if (mode == "constant") return kInserted;
  if (mode == "edge") return std::clamp<std::int64_t>(i, 0, length - 1);
  if (mode == "wrap") return (i % length + length) % length;
  return i < 0 ? -i : 2 * (length - 1) - i;  // reflect; infer() has checked that once is enough
}

/// For each output element the input element that it copies, or kInserted.
std::vector<std::int64_t> sources_of(const Network& network, const Node& node) {
  const Shape& from = input_of(network, node, 0).shape;
  const Shape& to = network.value(node.outputs[0]).shape;
  const Pads pads = pads_of(network, node);
  const std::string mode = string_attribute(node, "mode", "constant");
  const std::vector<std::int64_t> strides = strides_of(from);
  std::vector<std::int64_t> elements{0};
  for (std::size_t d = 0; d < to.size(); ++d) {
    std::vector<std::int64_t> longer;
    for (const std::int64_t element : elements)
      for (std::int64_t i = 0; i < to[d]; ++i) {
        const std::int64_t place = place_of(i - pads.before[d], from[d], mode);
        longer.push_back(element == kInserted || place == kInserted ? kInserted
                                                                    : element + place * strides[d]);
      }
    elements = std::move(longer);
  }
  return elements;
}

class PadOp {
 public:
  PadOp(const Network& network, const Node& node)
      : source_(sources_of(network, node)),
        point_stride_(point_stride(network, node.inputs[0])),
        attribute_(node.float_attribute("value", 0.0)) {
    if (has_input(node, 2)) value_stride_ = point_stride(network, node.inputs[2]);
  }

  template <typename S>
  void run(const Arguments<S>& a) const {
    S* y = a.outputs[0];
    for (std::int64_t b = 0; b < a.batch; ++b) {
      const S* x = a.inputs[0] + b * point_stride_;
      const bool given = a.inputs.size() > 2 && a.inputs[2] != nullptr;
      const S value = given ? a.inputs[2][b * value_stride_] : static_cast<S>(attribute_);
      for (const std::int64_t s : source_) *y++ = s == kInserted ? value : x[s];
    }
  }

  template <typename S>
  void pull(const Arguments<S>& a, const Gradients<S>& g) const {
    const S* gy = g.outputs[0];
    for (std::int64_t b = 0; b < a.batch; ++b)
      for (const std::int64_t s : source_) {
        const S part = *gy++;
        if (s != kInserted && g.inputs[0] != nullptr) g.inputs[0][b * point_stride_ + s] += part;
        if (s == kInserted && g.inputs.size() > 2 && g.inputs[2] != nullptr)
          g.inputs[2][b * value_stride_] += part;
      }
  }

 private:
  std::vector<std::int64_t> source_;
  std::int64_t point_stride_, value_stride_ = 0;
  double attribute_;
};

/// The output's shape. Throws where a mode cannot fill it.
Shape padded(const Shape& from, const Pads& pads, const std::string& mode) {
  Shape shape = from;
  for (std::size_t d = 0; d < shape.size(); ++d) {
    shape[d] += pads.before[d] + pads.after[d];
    if (shape[d] < 0) throw InputError("pads remove more than there is");
    const std::int64_t removed =
        std::min<std::int64_t>(pads.before[d], 0) + std::min<std::int64_t>(pads.after[d], 0);
    const bool inserts = pads.before[d] > 0 || pads.after[d] > 0;
    // ONNX Runtime inserts zeros there, whatever the value; and what is mirrored or repeated may be
    // what was there before or after elements are removed.
    if (removed < 0 && inserts && from[d] + removed <= 0)
      throw Unsupported("pads that remove all of axis " + std::to_string(d) +
                        " and insert something: what it means is not settled");
    if (removed < 0 && inserts && (mode == "reflect" || mode == "wrap"))
      throw Unsupported("mode '" + mode + "' with pads that remove elements of axis " +
                        std::to_string(d) + " at one end and copy some to the other: what it " +
                        "means is not settled");
    const std::int64_t most = std::max(pads.before[d], pads.after[d]);
    if (mode == "reflect" && most > 0 && most >= from[d])
      throw InputError("reflects more than there is");
    if (mode != "constant" && most > 0 && from[d] == 0) throw InputError("has nothing to copy");
  }
  return shape;
}

void infer(Network& network, Node& node) {
  expect_arity(node, 1, 4);
  const std::string mode = string_attribute(node, "mode", "constant");
  if (mode != "constant" && mode != "edge" && mode != "reflect" && mode != "wrap")
    throw Unsupported("mode '" + mode + "'");
  if (has_input(node, 2)) {
    expect_same_type(network, node, 0, 2);
    if (input_of(network, node, 2).size() != 1) throw InputError("the inserted value is no scalar");
  }
  node.float_attribute("value", 0.0);  // for its check
  const Pads pads = pads_of(network, node);
  const auto inserts = [](const std::vector<std::int64_t>& side) {
    return std::any_of(side.begin(), side.end(), [](std::int64_t p) { return p > 0; });
  };
  node.kind = mode == "constant" && (inserts(pads.before) || inserts(pads.after))
                  ? OpKind::pad
                  : OpKind::pad_copy;
  set_output(network, node, 0, input_of(network, node, 0).type,
             padded(input_of(network, node, 0).shape, pads, mode));
}

Movement map(const Network& network, const Node& node) {
  Movement movement{{{}}};
  for (const std::int64_t element : sources_of(network, node)) movement.append(0, 0, element);
  return movement;
}

}  // namespace

OpVerbs verbs_of_pad() {
  return {infer, prepare_as<PadOp>};
}
OpVerbs verbs_of_pad_copy() {
  return {infer, prepare_movement<map>};
}

}  // namespace clipbound::specs
