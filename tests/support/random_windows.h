#pragma once
// Shapes of small windows: one or two axes, any stride, dilation and pads, at least one output.
#include <algorithm>

#include "specs/ops/windows.h"
#include "tests/support/exact.h"

namespace clipbound::test {

/// `largest`: elements of the image along an axis, more where the window needs them.
inline specs::WindowShape random_windows(Dice& dice, int largest) {
  specs::WindowShape w;
  for (int axis = dice.whole(1, 2); axis > 0; --axis) {
    const std::int64_t kernel = dice.whole(1, 3), dilation = dice.whole(1, 2),
                       stride = dice.whole(1, 2), before = dice.whole(0, 2),
                       after = dice.whole(0, 2), span = dilation * (kernel - 1) + 1,
                       image =
                           std::max<std::int64_t>(dice.whole(1, largest), span - before - after);
    w.image.push_back(image);
    w.kernel.push_back(kernel);
    w.strides.push_back(stride);
    w.dilations.push_back(dilation);
    w.pads_before.push_back(before);
    w.pads_after.push_back(after);
    w.output.push_back((image + before + after - span) / stride + 1);
  }
  return w;
}

}  // namespace clipbound::test
