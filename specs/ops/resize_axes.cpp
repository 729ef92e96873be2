#include "specs/ops/resize_axes.h"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace clipbound::specs {
namespace {

/// One axis as the file describes it. `first` and `last`: the part of the axis that
/// tf_crop_and_resize takes.
struct AxisPlan {
  std::int64_t from, to;
  float scale = 1.0f;
  float first = 0.0f, last = 1.0f;
};

/// The attributes, with the defaults of the node's opset.
struct Settings {
  std::string mode = "nearest", position = "asymmetric";
  /// Of opsets before 11, where the standard has none, "simple": downwards where an axis grows,
  /// upwards where it shrinks.
  std::string rounding = "simple";
  bool exclude_outside = false, antialias = false;
  float cubic_a = -0.75f;
};

bool is_resize(const Node& node) {
  return std::string_view(op_row(node.kind).onnx_name) == "Resize";
}

void expect_one_of(const std::string& what, const std::string& given,
                   const std::vector<std::string>& known) {
  if (std::find(known.begin(), known.end(), given) == known.end())
    throw Unsupported(what + " '" + given + "'");
}

Settings settings_of(const Node& node) {
  Settings s;
  s.mode = string_attribute(node, "mode", "nearest");
  if (!is_resize(node) && node.opset < 7 && s.mode == "bilinear") s.mode = "linear";
  if (!is_resize(node) || node.opset < 11) {
    expect_one_of("mode", s.mode, {"nearest", "linear"});
    return s;
  }
  expect_one_of("mode", s.mode, {"nearest", "linear", "cubic"});
  s.position = string_attribute(node, "coordinate_transformation_mode", "half_pixel");
  expect_one_of("coordinate_transformation_mode", s.position,
                {"half_pixel", "pytorch_half_pixel", "align_corners", "asymmetric",
                 "tf_half_pixel_for_nn", "tf_crop_and_resize", "half_pixel_symmetric"});
  s.rounding = string_attribute(node, "nearest_mode", "round_prefer_floor");
  expect_one_of("nearest_mode", s.rounding,
                {"floor", "ceil", "round_prefer_floor", "round_prefer_ceil"});
  s.exclude_outside = node.int_attribute("exclude_outside", 0) != 0;
  s.antialias = node.int_attribute("antialias", 0) != 0;
  if (s.antialias && s.mode == "nearest") throw Unsupported("antialias in mode 'nearest'");
  s.cubic_a = static_cast<float>(node.float_attribute("cubic_coeff_a", -0.75));
  return s;
}

std::vector<double> constant_floats(const Network& network, const Node& node, std::size_t i,
                                    const char* what) {
  const Value& v = input_of(network, node, i);
  if (!v.constant)
    throw Unsupported(std::string(what) + " ('" + v.name + "') depends on the network's input");
  return v.constant->as_float64();
}

/// Scales or sizes, whichever is given; empty where not.
std::vector<double> given_numbers(const Network& network, const Node& node, bool sizes) {
  if (!is_resize(node) && node.opset < 7) {  // an image's height and width
    if (sizes || input_of(network, node, 0).shape.size() != 4) return {};
    return {1.0, 1.0, node.float_attribute("height_scale", 0.0),
            node.float_attribute("width_scale", 0.0)};
  }
  if (!is_resize(node) && node.opset < 9) {
    const auto* scales = floats_attribute(node, "scales");
    return scales != nullptr && !sizes ? *scales : std::vector<double>{};
  }
  const std::size_t place = sizes ? 3 : is_resize(node) && node.opset >= 11 ? 2 : 1;
  if ((sizes && node.opset < 11) || !has_input(node, place) ||
      input_of(network, node, place).size() == 0)
    return {};
  return constant_floats(network, node, place, sizes ? "the sizes" : "the scales");
}

/// Sizes under a policy that keeps the ratio of the axes: one scale for all of them.
void keep_ratio(std::vector<AxisPlan>& plans, const std::vector<std::int64_t>& axes,
                const std::string& policy) {
  float scale = plans[static_cast<std::size_t>(axes[0])].scale;
  for (const std::int64_t axis : axes) {
    const float other = plans[static_cast<std::size_t>(axis)].scale;
    scale = policy == "not_larger" ? std::min(scale, other) : std::max(scale, other);
  }
  for (const std::int64_t axis : axes) {
    AxisPlan& plan = plans[static_cast<std::size_t>(axis)];
    plan.scale = scale;
    plan.to = static_cast<std::int64_t>(std::floor(scale * static_cast<float>(plan.from) + 0.5f));
  }
}

/// The part of each axis that tf_crop_and_resize takes: all starts, then all ends.
void read_region(const Network& network, const Node& node, const std::vector<std::int64_t>& axes,
                 std::vector<AxisPlan>& plans) {
  if (!has_input(node, 1) || input_of(network, node, 1).size() == 0)
    throw InputError("tf_crop_and_resize needs a region");
  const std::vector<double> region = constant_floats(network, node, 1, "the region");
  if (region.size() != 2 * axes.size()) throw InputError("the region needs two numbers per axis");
  for (std::size_t i = 0; i < axes.size(); ++i) {
    AxisPlan& plan = plans[static_cast<std::size_t>(axes[i])];
    plan.first = static_cast<float>(region[i]);
    plan.last = static_cast<float>(region[i + axes.size()]);
  }
}

std::vector<AxisPlan> plans_of(const Network& network, const Node& node, const Settings& settings) {
  const Shape& shape = input_of(network, node, 0).shape;
  std::vector<AxisPlan> plans;
  for (const std::int64_t d : shape) plans.push_back({d, d});
  const std::vector<double> scales = given_numbers(network, node, false),
                            sizes = given_numbers(network, node, true);
  const std::vector<double>& given = scales.empty() ? sizes : scales;
  std::vector<std::int64_t> axes(shape.size());
  for (std::size_t i = 0; i < axes.size(); ++i) axes[i] = static_cast<std::int64_t>(i);
  if (const auto* named = node.ints_attribute("axes")) axes = checked_axes(*named, shape.size());
  if (given.empty() || given.size() != axes.size())
    throw InputError("needs one scale or size per axis");
  for (std::size_t i = 0; i < axes.size(); ++i) {
    if (!(given[i] > 0.0) || given[i] > 0x1p30)
      throw InputError("a scale or size is not positive, or absurd");
    AxisPlan& plan = plans[static_cast<std::size_t>(axes[i])];
    const auto length = static_cast<float>(plan.from), number = static_cast<float>(given[i]);
    plan.to = scales.empty() ? static_cast<std::int64_t>(given[i])
                             : static_cast<std::int64_t>(std::floor(length * number));
    plan.scale = scales.empty() ? number / length : number;
  }
  const std::string policy = string_attribute(node, "keep_aspect_ratio_policy", "stretch");
  expect_one_of("keep_aspect_ratio_policy", policy, {"stretch", "not_larger", "not_smaller"});
  if (policy != "stretch" && scales.empty()) keep_ratio(plans, axes, policy);
  if (settings.position == "tf_crop_and_resize") read_region(network, node, axes, plans);
  return plans;
}

/// Where output position i lies on the input's axis.
float position_of(std::int64_t i, const AxisPlan& plan, const std::string& mode) {
  const auto at = static_cast<float>(i), from = static_cast<float>(plan.from),
             to = static_cast<float>(plan.to);
  const float half_pixel = (at + 0.5f) / plan.scale - 0.5f;
  if (mode == "half_pixel") return half_pixel;
  if (mode == "pytorch_half_pixel") return plan.to > 1 ? half_pixel : 0.0f;
  if (mode == "tf_half_pixel_for_nn") return (at + 0.5f) / plan.scale;
  if (mode == "align_corners") return plan.to > 1 ? at * (from - 1.0f) / (to - 1.0f) : 0.0f;
  if (mode == "half_pixel_symmetric") {
    // In float64, as ONNX Runtime's numbers show: the cubic kernel's polynomials tell the
    // difference.
    const auto scale = static_cast<double>(plan.scale), length = static_cast<double>(plan.from);
    const double adjustment = static_cast<double>(plan.to) / (scale * length);
    return static_cast<float>(0.5 * length * (1.0 - adjustment) +
                              (static_cast<double>(i) + 0.5) / scale - 0.5);
  }
  if (mode == "tf_crop_and_resize") {
    return plan.to > 1 ? plan.first * (from - 1.0f) +
                             at * (plan.last - plan.first) * (from - 1.0f) / (to - 1.0f)
                       : 0.5f * (plan.first + plan.last) * (from - 1.0f);
  }
  return at / plan.scale;  // asymmetric
}

float nearest(float x, const AxisPlan& plan, const std::string& rounding) {
  if (rounding == "ceil" || (rounding == "simple" && plan.scale < 1.0f)) return std::ceil(x);
  if (rounding == "round_prefer_floor") return std::ceil(x - 0.5f);
  if (rounding == "round_prefer_ceil") return std::floor(x + 0.5f);
  return std::floor(x);
}

/// Weights of elements that may lie beyond the ends of the axis.
struct RawTap {
  double element, weight;
};

/// The polynomials of the cubic kernel at distance t, as the antialiased form needs them.
double cubic_kernel(double t, double a) {
  if (t <= 1.0) return ((a + 2.0) * t - (a + 3.0)) * t * t + 1.0;
  return t < 2.0 ? ((a * t - 5.0 * a) * t + 8.0 * a) * t - 4.0 * a : 0.0;
}

std::vector<RawTap> stretched_taps(double x, const AxisPlan& plan, const Settings& settings) {
  const double shrink = std::min(static_cast<double>(plan.scale), 1.0);
  const bool cubic = settings.mode == "cubic";
  const double reach = (cubic ? 2.0 : 1.0) / shrink;
  std::vector<RawTap> taps;
  for (double e = std::ceil(x - reach); e <= std::floor(x + reach); e += 1.0) {
    const double t = std::fabs(e - x) * shrink;
    taps.push_back({e, cubic ? cubic_kernel(t, static_cast<double>(settings.cubic_a))
                             : std::max(0.0, 1.0 - t)});
  }
  return taps;
}

/// Two or four neighbours, their weights in float32 in ONNX Runtime's order of operations.
std::vector<RawTap> plain_taps(float x, const Settings& settings) {
  const float left = std::floor(x), r = x - left, q = 1.0f - r;
  const auto at = static_cast<double>(left);
  if (settings.mode == "linear")
    return {{at, static_cast<double>(q)}, {at + 1.0, static_cast<double>(r)}};
  const float a = settings.cubic_a;
  const float first = ((a * (r + 1.0f) - 5.0f * a) * (r + 1.0f) + 8.0f * a) * (r + 1.0f) - 4.0f * a,
              second = ((a + 2.0f) * r - (a + 3.0f)) * r * r + 1.0f,
              third = ((a + 2.0f) * q - (a + 3.0f)) * q * q + 1.0f,
              fourth =
                  ((a * (2.0f - r) - 5.0f * a) * (2.0f - r) + 8.0f * a) * (2.0f - r) - 4.0f * a;
  return {{at - 1.0, static_cast<double>(first)},
          {at, static_cast<double>(second)},
          {at + 1.0, static_cast<double>(third)},
          {at + 2.0, static_cast<double>(fourth)}};
}

/// What lies beyond an end is left out, or is the element at the end.
void append_taps(const std::vector<RawTap>& raw, const Settings& settings, ResizeAxis& axis) {
  const auto last = static_cast<double>(axis.from - 1);
  std::vector<RawTap> taps;
  double total = 0.0;
  for (const RawTap& tap : raw) {
    const double element = std::clamp(tap.element, 0.0, last);
    if (settings.exclude_outside && element != tap.element) continue;
    total += tap.weight;
    if (!taps.empty() && taps.back().element == element)
      taps.back().weight += tap.weight;
    else
      taps.push_back({element, tap.weight});
  }
  const double divisor = settings.exclude_outside || settings.antialias ? total : 1.0;
  for (const RawTap& tap : taps) {
    const auto weight = static_cast<float>(tap.weight / divisor);
    if (!std::isfinite(weight)) throw Unsupported("a weight that is not a finite number");
    if (weight != 0.0f) axis.taps.push_back({static_cast<std::int64_t>(tap.element), weight});
  }
}

ResizeAxis axis_of(const AxisPlan& plan, const Settings& settings) {
  ResizeAxis axis;
  axis.from = plan.from;
  axis.to = plan.to;
  axis.kept = plan.scale == 1.0f && plan.to == plan.from;
  axis.outside.assign(static_cast<std::size_t>(std::max<std::int64_t>(0, plan.to)), 0);
  const auto last = static_cast<float>(plan.from - 1);
  for (std::int64_t i = 0; i < plan.to; ++i) {
    const float x = axis.kept ? static_cast<float>(i) : position_of(i, plan, settings.position);
    if (settings.position == "tf_crop_and_resize" && !(x >= 0.0f && x <= last) && !axis.kept) {
      axis.outside[static_cast<std::size_t>(i)] = 1;
    } else if (axis.kept) {
      axis.taps.push_back({i, 1.0f});
    } else if (settings.mode == "nearest") {
      const auto element = static_cast<std::int64_t>(nearest(x, plan, settings.rounding));
      axis.taps.push_back({std::clamp<std::int64_t>(element, 0, plan.from - 1), 1.0f});
    } else {
      append_taps(settings.antialias ? stretched_taps(static_cast<double>(x), plan, settings)
                                     : plain_taps(x, settings),
                  settings, axis);
    }
    axis.begin.push_back(static_cast<std::int64_t>(axis.taps.size()));
  }
  return axis;
}

}  // namespace

std::vector<ResizeAxis> resize_axes(const Network& network, const Node& node) {
  if (input_of(network, node, 0).size() == 0) throw Unsupported("the input is empty");
  const Settings settings = settings_of(node);
  const std::vector<AxisPlan> plans = plans_of(network, node, settings);
  Shape shape;
  for (const AxisPlan& plan : plans) shape.push_back(plan.to);
  if (element_count(shape) > kLargestTensor)
    throw InputError("absurd output shape " + to_string(shape));
  std::vector<ResizeAxis> axes;
  for (const AxisPlan& plan : plans) axes.push_back(axis_of(plan, settings));
  return axes;
}

bool resize_copies(const Node& node) {
  const Settings settings = settings_of(node);
  return settings.mode == "nearest" && settings.position != "tf_crop_and_resize";
}

double extrapolation_value(const Node& node) {
  return node.float_attribute("extrapolation_value", 0.0);
}

}  // namespace clipbound::specs
