// Idea: Reshape: 0 copies the input's dimension (unless allowzero), one -1 takes what is left.
// Source: ONNX operator specification, Reshape.
// Guarantees: every output element is an exact copy of one input element (S1).
#include "specs/ops/movement.h"

namespace clipbound::specs {
namespace {

Shape resolved(const Shape& from, std::vector<std::int64_t> wanted, bool allow_zero) {
  constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  std::size_t open = kNone;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (wanted[i] == -1) {
      if (open != kNone) throw InputError("two dimensions are -1 in " + to_string(wanted));
      open = i;
    } else if (wanted[i] == 0 && !allow_zero) {
      if (i >= from.size())
        throw InputError("0 copies a dimension that " + to_string(from) + " does not have");
      wanted[i] = from[i];
    }
  }
  const std::int64_t size = element_count(from);
  if (open != kNone) {
    wanted[open] = 1;
    const std::int64_t rest = element_count(wanted);
    if (rest == 0 || size % rest != 0)
      throw InputError("cannot reshape " + to_string(from) + ": no room for -1");
    wanted[open] = size / rest;
  }
  if (element_count(wanted) != size)
    throw InputError("cannot reshape " + to_string(from) + " to " + to_string(wanted));
  return wanted;
}

void infer(Network& network, Node& node) {
  expect_arity(node, 1, 2);
  const Value& x = input_of(network, node, 0);
  const auto wanted = ints_from(network, node, "shape", 1);  // an attribute before opset 5
  if (!wanted) throw InputError("has no shape");
  set_output(network, node, 0, x.type,
             resolved(x.shape, *wanted, node.int_attribute("allowzero", 0) != 0));
}

}  // namespace

OpVerbs verbs_of_reshape() {
  return {infer, prepare_movement<reshaped>};
}

}  // namespace clipbound::specs
