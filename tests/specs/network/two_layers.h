#pragma once
// A network whose values are known at every point.
#include "specs/network/network_builder.h"
#include "tests/support/floors.h"

namespace clipbound::test {

/// y = 2 relu(s) + 3 relu(-s) with s = x0 + x1.
inline Network two_layers() {
  NetworkBuilder b;
  const ValueId x = b.input("x", {1, 2});
  const ValueId h = b.add("Relu", {b.add("MatMul", {x, b.constant({2, 2}, {1, -1, 1, -1})})});
  b.output(b.add("MatMul", {h, b.constant({2, 1}, {2, 3})}));
  return b.build();
}

}  // namespace clipbound::test
