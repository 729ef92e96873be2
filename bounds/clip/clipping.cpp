#include "bounds/clip/clipping.h"

#include <algorithm>

#include "base/check.h"
#include "bounds/clip/relaxed_clipping.h"

namespace clipbound::bounds {

namespace {

constexpr ClippingMethod kMethods[] = {
    {.word = "none",
     .clip_boxes = nullptr,
     .complete_clipping = false,
     .refine_intermediate_bounds = false},
    {.word = "relaxed",
     .clip_boxes = clip_boxes,
     .complete_clipping = false,
     .refine_intermediate_bounds = true},
    {.word = "complete",
     .clip_boxes = clip_boxes,
     .complete_clipping = true,
     .refine_intermediate_bounds = true},
};

}  // namespace

std::span<const ClippingMethod> clipping_methods() {
  return kMethods;
}

const ClippingMethod& clipping_method(std::string_view word) {
  const auto* method = std::find_if(std::begin(kMethods), std::end(kMethods),
                                    [&](const ClippingMethod& m) { return m.word == word; });
  CLIPBOUND_CHECK(method != std::end(kMethods));
  return *method;
}

}  // namespace clipbound::bounds
