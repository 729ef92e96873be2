#include "bounds/lowering/ops/lower_op.h"

#include "base/error.h"
#include "specs/network/op_table.h"
#include "specs/ops/movement.h"

namespace clipbound::bounds {

LowerFunction lower_function(OpKind kind) {
  static constexpr LowerFunction kRows[] = {
#define CLIPBOUND_OP(id, onnx_name, op_class, lowering, ...) lower_##lowering,
#define CLIPBOUND_OP_FORM CLIPBOUND_OP
#include "specs/network/op_list.def"
#undef CLIPBOUND_OP
  };
  return kRows[static_cast<std::size_t>(kind)];
}

bool has_linear_bounds(OpKind kind) {
  return lower_function(kind) != lower_none;
}

std::vector<AffineForm> lower_none(LowerContext& /*context*/, const Node& /*node*/) {
  throw Unsupported("there are no linear bounds of this operator");
}

}  // namespace clipbound::bounds
