#include "bounds/clip/clipping.h"

#include "base/check.h"
#include "base/word_table.h"
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
  const ClippingMethod* method = row_of_word(kMethods, word);
  CLIPBOUND_CHECK(method != nullptr);
  return *method;
}

}  // namespace clipbound::bounds
