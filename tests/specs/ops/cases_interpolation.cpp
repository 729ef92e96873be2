// Resize and Upsample in the modes linear and cubic, and what mode nearest has in common with them.
// Numbers that stand here are those of ONNX Runtime 1.2x (onnxruntime-node, asked once with
// x = 1, 2, 3, ...); where none stand, tests/specs/evaluate/test_ort.cpp asks it.
#include "tests/specs/ops/cases.h"
#include "tests/support/floors.h"

namespace clipbound::test {

namespace {

using Ints = std::vector<std::int64_t>;
using Floats = std::vector<float>;

/// A node of Resize at opset 13 or later with scales and, if need be, a region.
onnx::NodeProto& write_resize(OnnxWriter& w, const Ints& shape, const Floats& scales,
                              const std::string& mode, const Floats& region = {}) {
  w.input("x", shape).floats("scales", {static_cast<std::int64_t>(scales.size())}, scales);
  if (!region.empty()) w.floats("region", {static_cast<std::int64_t>(region.size())}, region);
  auto& n = w.node("Resize", {"x", region.empty() ? "" : "region", "scales"}, {"y"});
  set_string(n, "mode", mode);
  return n;
}

void add_closed_forms(std::vector<OperatorCase>& cases) {
  cases.push_back(
      {"ResizeLinear",
       [](OnnxWriter& w) {
         write_resize(w, {1, 1, 2, 2}, {1, 1, 2, 2}, "linear");
       },
       13,
       {1, 1.25, 1.75, 2, 1.5, 1.75, 2.25, 2.5, 2.5, 2.75, 3.25, 3.5, 3, 3.25, 3.75, 4}});
  cases.push_back(
      {"ResizeCubic",
       [](OnnxWriter& w) {
         write_resize(w, {1, 1, 2, 2}, {1, 1, 2, 2}, "cubic");
       },
       13,
       {0.68359375, 1.015625, 1.5625, 1.89453125, 1.34765625, 1.6796875, 2.2265625, 2.55859375,
        2.44140625, 2.7734375, 3.3203125, 3.65234375, 3.10546875, 3.4375, 3.984375, 4.31640625}});
  cases.push_back(
      {"ResizeAntialias",
       [](OnnxWriter& w) {
         set_int(write_resize(w, {1, 1, 1, 4}, {1, 1, 1, 0.5f}, "linear"), "antialias", 1);
       },
       18,
       {1.625, 3.375}});
  cases.push_back({"ResizeCropNearest",
                   [](OnnxWriter& w) {
                     auto& n = write_resize(w, {1, 1, 1, 4}, {1, 1, 1, 1.5f}, "nearest",
                                            {0, 0, 0, -0.5f, 1, 1, 1, 1.5f});
                     set_string(n, "coordinate_transformation_mode", "tf_crop_and_resize");
                     set_float(n, "extrapolation_value", -7.0f);
                   },
                   13,
                   {-7, -7, 2, 3, -7, -7}});
  for (const std::string mode : {"linear", "nearest"})
    cases.push_back({"ResizeHalfPixelForNeighbours_" + mode,
                     [=](OnnxWriter& w) {
                       w.input("x", {1, 1, 1, 4}).floats("scales", {4}, {1, 1, 1, 2});
                       w.floats("region", {0}, {});
                       auto& n = w.node("Resize", {"x", "region", "scales"}, {"y"});
                       set_string(n, "mode", mode);
                       set_string(n, "coordinate_transformation_mode", "tf_half_pixel_for_nn");
                     },
                     11,
                     mode == "linear" ? Floats{1.25, 1.75, 2.25, 2.75, 3.25, 3.75, 4, 4}
                                      : Floats{1, 2, 2, 3, 3, 4, 4, 4}});
  cases.push_back({"ResizeSymmetricNearest",
                   [](OnnxWriter& w) {
                     set_string(write_resize(w, {1, 1, 1, 5}, {1, 1, 1, 1.3f}, "nearest"),
                                "coordinate_transformation_mode", "half_pixel_symmetric");
                   },
                   19,
                   {1, 2, 3, 3, 4, 5}});
}

void add_old_forms(std::vector<OperatorCase>& cases) {
  cases.push_back({"ResizeLinearOpset10",
                   [](OnnxWriter& w) {
                     w.input("x", {1, 1, 2, 3}).floats("scales", {4}, {1, 1, 2, 1});
                     set_string(w.node("Resize", {"x", "scales"}, {"y"}), "mode", "linear");
                   },
                   10,
                   {1, 2, 3, 2.5, 3.5, 4.5, 4, 5, 6, 4, 5, 6}});
  cases.push_back({"UpsampleLinearInput",
                   [](OnnxWriter& w) {
                     w.input("x", {1, 1, 2, 2}).floats("scales", {4}, {1, 1, 1, 2});
                     set_string(w.node("Upsample", {"x", "scales"}, {"y"}), "mode", "linear");
                   },
                   9,
                   {1, 1.5, 2, 2, 3, 3.5, 4, 4}});
  cases.push_back({"UpsampleLinearAttribute",
                   [](OnnxWriter& w) {
                     w.input("x", {1, 1, 2, 2});
                     auto& n = w.node("Upsample", {"x"}, {"y"});
                     set_string(n, "mode", "linear");
                     set_floats(n, "scales", {1, 1, 2, 1});
                   },
                   7,
                   {1, 2, 2, 3, 3, 4, 3, 4}});
  // By hand: positions 0, 1/2, 1, 3/2 along the last axis; ONNX Runtime does not know this form.
  cases.push_back({"UpsampleBilinear",
                   [](OnnxWriter& w) {
                     w.input("x", {1, 1, 1, 2});
                     auto& n = w.node("Upsample", {"x"}, {"y"});
                     set_string(n, "mode", "bilinear");
                     set_float(n, "height_scale", 1.0f);
                     set_float(n, "width_scale", 2.0f);
                   },
                   1,
                   {1, 1.5, 2, 2}});
}

void add_positions(std::vector<OperatorCase>& cases) {
  for (const std::string mode : {"linear", "cubic"}) {
    for (const std::string position : {"asymmetric", "half_pixel", "align_corners",
                                       "pytorch_half_pixel", "half_pixel_symmetric"})
      cases.push_back({"Resize_" + mode + "_" + position,
                       [=](OnnxWriter& w) {
                         set_string(write_resize(w, {1, 1, 3, 4}, {1, 1, 1.7f, 0.6f}, mode),
                                    "coordinate_transformation_mode", position);
                       },
                       19});
    cases.push_back({"Resize_" + mode + "_crop",
                     [=](OnnxWriter& w) {
                       auto& n = write_resize(w, {1, 1, 3, 4}, {1, 1, 1.7f, 1.3f}, mode,
                                              {0, 0, 0.25f, -0.2f, 1, 1, 0.75f, 1.3f});
                       set_string(n, "coordinate_transformation_mode", "tf_crop_and_resize");
                       set_float(n, "extrapolation_value", 0.1f);
                     },
                     13});
    cases.push_back({"Resize_" + mode + "_antialias",
                     [=](OnnxWriter& w) {
                       auto& n = write_resize(w, {1, 1, 5, 4}, {1, 1, 0.45f, 1.6f}, mode);
                       set_int(n, "antialias", 1);
                       set_int(n, "exclude_outside", 1);
                       set_float(n, "cubic_coeff_a", -0.6f);
                     },
                     18});
  }
  cases.push_back({"ResizeCubicExclude",
                   [](OnnxWriter& w) {
                     auto& n = write_resize(w, {1, 1, 3, 4}, {1, 1, 1.7f, 0.6f}, "cubic");
                     set_int(n, "exclude_outside", 1);
                     set_float(n, "cubic_coeff_a", -0.5f);
                   },
                   13});
  cases.push_back({"ResizeTrilinear", [](OnnxWriter& w) {
                     write_resize(w, {1, 1, 2, 3, 2}, {1, 1, 1.5f, 0.7f, 2}, "linear");
                   }});
  for (const std::string policy : {"not_larger", "not_smaller"})
    cases.push_back({"Resize_" + policy,
                     [=](OnnxWriter& w) {
                       w.input("x", {1, 1, 2, 3}).ints("sizes", {5, 4});
                       auto& n = w.node("Resize", {"x", "", "", "sizes"}, {"y"});
                       set_string(n, "mode", "linear");
                       set_string(n, "keep_aspect_ratio_policy", policy);
                       set_ints(n, "axes", {3, 2});
                     },
                     18});
}

}  // namespace

void add_interpolation_cases(std::vector<OperatorCase>& cases) {
  add_closed_forms(cases);
  add_old_forms(cases);
  add_positions(cases);
}

}  // namespace clipbound::test
