#include "specs/ops/windows.h"

#include "base/check.h"

namespace clipbound::specs {

namespace {

/// Attribute `key`, one number per axis, each between the limits.
Shape per_axis(const Node& node, const char* key, std::size_t count, std::int64_t fallback,
               std::int64_t least) {
  const auto* given = node.ints_attribute(key);
  if (given == nullptr) return Shape(count, fallback);
  if (given->size() != count)
    throw InputError(std::string("attribute '") + key + "' has not one number per axis");
  for (const std::int64_t x : *given)
    if (x < least || x > kLargestTensor)
      throw InputError(std::string("attribute '") + key + "' holds " + std::to_string(x));
  return *given;
}

/// Everything but image, output and automatic pads.
WindowShape from_attributes(const Node& node, const Shape& kernel) {
  const std::size_t rank = kernel.size();
  WindowShape w;
  w.kernel = kernel;
  for (const std::int64_t k : kernel)
    if (k < 1 || k > kLargestTensor) throw InputError("kernel " + to_string(kernel));
  w.strides = per_axis(node, "strides", rank, 1, 1);
  w.dilations = per_axis(node, "dilations", rank, 1, 1);
  const Shape pads = per_axis(node, "pads", 2 * rank, 0, 0);
  w.pads_before.assign(pads.begin(), pads.begin() + static_cast<std::ptrdiff_t>(rank));
  w.pads_after.assign(pads.begin() + static_cast<std::ptrdiff_t>(rank), pads.end());
  return w;
}

/// Elements from a window's first tap to its last, both included.
std::int64_t extent(const WindowShape& w, std::size_t d) {
  return (w.kernel[d] - 1) * w.dilations[d] + 1;  // below 2^60
}

/// Splits the pads that an axis needs altogether; the odd one goes to the end, or to the beginning.
void share_pads(WindowShape& w, std::size_t d, std::int64_t total, bool more_before) {
  total = std::max<std::int64_t>(total, 0);
  w.pads_before[d] = (total + (more_before ? 1 : 0)) / 2;
  w.pads_after[d] = total - w.pads_before[d];
}

/// Automatic pads of windows over an image. Where strides are longer than windows, the sum may be
/// negative: elements at the end are read by no window. Beyond -1 it could mean elements at the
/// beginning as well: the standard's formula says so, its shape inference does not, and ONNX
/// Runtime's operators do not agree with each other.
void share_automatic_pads(WindowShape& w, std::size_t d, std::int64_t total, bool more_before) {
  if (total < -1)
    throw Unsupported(
        "automatic pads with strides that are longer than the windows by more than one element: "
        "which elements are left out is not settled (write the pads out)");
  share_pads(w, d, total, more_before);
}

std::string checked_auto_pad(const Node& node) {
  const std::string mode = string_attribute(node, "auto_pad", "NOTSET");
  if (mode != "NOTSET" && mode != "VALID" && mode != "SAME_UPPER" && mode != "SAME_LOWER")
    throw InputError("auto_pad '" + mode + "'");
  return mode;
}

/// Positions along one axis.
std::int64_t positions_along(const WindowShape& w, std::size_t d, bool ceil_mode) {
  const std::int64_t room = w.image[d] + w.pads_before[d] + w.pads_after[d] - extent(w, d);
  if (room < 0)
    throw InputError("window " + to_string(w.kernel) + " is larger than the padded image " +
                     to_string(w.image));
  if (!ceil_mode) return room / w.strides[d] + 1;
  const std::int64_t count = (room + w.strides[d] - 1) / w.strides[d] + 1;
  // A last window that would begin in the pads after the image is left out.
  return (count - 1) * w.strides[d] >= w.image[d] + w.pads_before[d] ? count - 1 : count;
}

/// The table of stretches has an entry per tap and row; beyond this it is a mistake or an attack.
void check_size(const WindowShape& w) {
  constexpr std::int64_t kMost = std::int64_t{1} << 27;
  const std::int64_t taps = element_count(w.kernel), positions = element_count(w.output);
  if (taps > kMost || positions > kLargestTensor || positions / w.output.back() > kMost / taps)
    throw InputError("absurd window " + to_string(w.kernel) + " over " + to_string(w.image));
}

}  // namespace

WindowShape windows_over(const Node& node, const Shape& image, const Shape& kernel) {
  WindowShape w = from_attributes(node, kernel);
  w.image = image;
  const std::string mode = checked_auto_pad(node);
  const bool ceil_mode = node.int_attribute("ceil_mode", 0) != 0;
  for (std::size_t d = 0; d < kernel.size(); ++d) {
    if (mode == "VALID") share_pads(w, d, 0, false);
    if (mode == "SAME_UPPER" || mode == "SAME_LOWER") {
      const std::int64_t count = (image[d] + w.strides[d] - 1) / w.strides[d];
      share_automatic_pads(w, d, (count - 1) * w.strides[d] + extent(w, d) - image[d],
                           mode == "SAME_LOWER");
    }
    w.output.push_back(positions_along(w, d, ceil_mode));
  }
  check_size(w);
  return w;
}

WindowShape windows_onto(const Node& node, const Shape& positions, const Shape& kernel) {
  WindowShape w = from_attributes(node, kernel);
  w.output = positions;
  const std::size_t rank = kernel.size();
  const std::string mode = checked_auto_pad(node);
  const Shape more = per_axis(node, "output_padding", rank, 0, 0);
  const auto* wanted = node.ints_attribute("output_shape");
  if (wanted != nullptr && wanted->size() != rank)
    throw InputError("output_shape has not one number per axis");
  for (std::size_t d = 0; d < rank; ++d) {
    const std::int64_t covered = (positions[d] - 1) * w.strides[d] + extent(w, d) + more[d];
    const bool same = mode == "SAME_UPPER" || mode == "SAME_LOWER";
    if (mode == "VALID") share_pads(w, d, 0, false);
    if (wanted != nullptr) {
      share_pads(w, d, covered - (*wanted)[d], mode != "SAME_UPPER");
    } else if (same) {
      share_pads(w, d, covered - positions[d] * w.strides[d], mode == "SAME_LOWER");
    }
    // A wanted shape larger than what the windows cover ends in elements that no window reaches.
    w.image.push_back(wanted != nullptr ? (*wanted)[d]
                                        : covered - w.pads_before[d] - w.pads_after[d]);
    if (w.image.back() < 1) throw InputError("its output would be empty");
    // The standard wants less than a stride; ONNX Runtime then adds products where none belong.
    const std::int64_t room = w.image.back() + w.pads_before[d] + w.pads_after[d] - extent(w, d);
    if (room / w.strides[d] >= positions[d])
      throw Unsupported(
          "an output that is longer than what the windows cover by a stride or more (its "
          "output_padding or output_shape): what it means is not settled");
  }
  check_size(w);
  return w;
}

Windows::Windows(WindowShape shape) : shape_(std::move(shape)) {
  const std::size_t rank = shape_.kernel.size();
  taps_ = element_count(shape_.kernel);
  rows_ = element_count(Shape(shape_.output.begin(), shape_.output.end() - 1));
  image_size_ = element_count(shape_.image);
  const std::vector<std::int64_t> strides = strides_of(shape_.image);
  std::vector<std::int64_t> tap(rank, 0), row(rank, 0);
  const auto advance = [](std::vector<std::int64_t>& at, const Shape& limits, std::size_t axes) {
    for (std::size_t d = axes; d-- > 0;) {
      if (++at[d] < limits[d]) return;
      at[d] = 0;
    }
  };
  const auto offset = [&](std::size_t d) {
    return tap[d] * shape_.dilations[d] - shape_.pads_before[d];
  };
  stretches_.reserve(static_cast<std::size_t>(taps_ * rows_));
  for (std::int64_t t = 0; t < taps_; ++t, advance(tap, shape_.kernel, rank)) {
    const std::size_t last = rank - 1;
    const std::int64_t by = shape_.strides[last], length = shape_.image[last], at = offset(last);
    // Positions j of a row with 0 <= j * by + at < length.
    const std::int64_t first = at >= 0 ? 0 : (-at + by - 1) / by;
    const std::int64_t end = at >= length ? 0 : (length - 1 - at) / by + 1;
    for (std::int64_t r = 0; r < rows_; ++r, advance(row, shape_.output, last)) {
      std::int64_t source = at;
      bool inside = true;
      for (std::size_t d = 0; d < last; ++d) {
        const std::int64_t x = row[d] * shape_.strides[d] + offset(d);
        inside = inside && x >= 0 && x < shape_.image[d];
        source += x * strides[d];
      }
      const std::int64_t from = std::min(first, width()), to = std::clamp(end, from, width());
      stretches_.push_back(inside ? Stretch{source, from, to} : Stretch{0, 0, 0});
    }
  }
}

bool Windows::is_image() const {
  const auto all = [](const Shape& values, std::int64_t x) {
    return std::all_of(values.begin(), values.end(), [x](std::int64_t v) { return v == x; });
  };
  return taps_ == 1 && all(shape_.strides, 1) && all(shape_.pads_before, 0) &&
         shape_.image == shape_.output;
}

}  // namespace clipbound::specs
