// Idea: Pad with a constant: every output element is an element of the input, or the constant.
// Source: own.
// Guarantees: exact (S1).
#include "base/check.h"
#include "bounds/lowering/ops/lower_op.h"
#include "specs/network/op_table.h"
#include "specs/network/operation.h"

namespace clipbound::bounds {

namespace {

/// The node on the input first, first + 1, ..., as integers.
std::vector<std::int64_t> padded_numbers(LowerContext& context, const Node& node,
                                         std::int64_t first) {
  const Network& network = context.network();
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(network.value(node.inputs[0]).size())),
      zero{0};
  for (std::size_t i = 0; i < numbers.size(); ++i)
    numbers[i] = first + static_cast<std::int64_t>(i);
  std::vector<std::int64_t> result(static_cast<std::size_t>(network.value(node.outputs[0]).size()));
  std::vector<const std::int64_t*> inputs{numbers.data()};
  for (std::size_t k = 1; k < node.inputs.size(); ++k)
    inputs.push_back(node.inputs[k] == kNoValue ? nullptr : zero.data());
  std::int64_t* output = result.data();
  Arguments<std::int64_t> arguments;
  arguments.inputs = inputs;
  arguments.outputs = {&output, 1};
  op_row(node.kind).verbs.prepare(network, node)->eval(arguments);
  return result;
}

}  // namespace

std::vector<AffineForm> lower_pad(LowerContext& context, const Node& node) {
  AffineForm scratch, scratch_value;
  const AffineForm& x = form_of(context, node.inputs[0], scratch);
  const bool given = node.inputs.size() > 2 && node.inputs[2] != kNoValue;
  if (!given) scratch_value = AffineForm::of_constant({node.float_attribute("value", 0.0)});
  const AffineForm& value = given ? form_of(context, node.inputs[2], scratch_value) : scratch_value;
  // What is inserted is the same whatever the input holds: from two inputs without a number in
  // common it shows.
  const std::int64_t size = x.size();
  const std::vector<std::int64_t> once = padded_numbers(context, node, 0),
                                  again = padded_numbers(context, node, size);
  std::vector<Pick> picks;
  for (std::size_t i = 0; i < once.size(); ++i) {
    const bool inserted = once[i] == again[i];
    CLIPBOUND_CHECK(inserted || (again[i] == once[i] + size && once[i] >= 0 && once[i] < size));
    picks.push_back(inserted ? Pick{1, 0} : Pick{0, once[i]});
  }
  return {gather({&x, &value}, picks)};
}

}  // namespace clipbound::bounds
