// Idea: operators with windows in any number of dimensions: which input places an output place
// reads, and with which place of the window.
// Source: the ONNX standard.
// Guarantees: see operators.h.
#include <algorithm>
#include <cstdint>

#include "checker/reader/operators.h"

namespace clipcheck {

namespace {

/// Places along one axis: pairs (place in the window, place in the input) of each output place;
/// padding is left out.
using Axis = std::vector<std::vector<std::pair<std::int64_t, std::int64_t>>>;

struct Windows {
  enum class Same : std::uint8_t { no, upper, lower } same = Same::no;  ///< auto_pad
  bool ceil = false;  ///< a last window that lies partly behind the padding counts
  std::vector<std::int64_t> kernel, strides, dilations, before, after;

  Windows(Call& call, std::vector<std::int64_t> kernel_shape) : kernel(std::move(kernel_shape)) {
    const std::size_t d = kernel.size();
    strides = call.list("strides", std::vector<std::int64_t>(d, 1));
    dilations = call.list("dilations", std::vector<std::int64_t>(d, 1));
    auto pads = call.list("pads", std::vector<std::int64_t>(2 * d, 0));
    ceil = call.integer("ceil_mode", 0) != 0;
    if (const auto* found = call.attribute("auto_pad");
        found != nullptr && found->s() != "NOTSET") {
      same = found->s() == "SAME_UPPER"   ? Same::upper
             : found->s() == "SAME_LOWER" ? Same::lower
                                          : Same::no;
      if (same == Same::no && found->s() != "VALID") call.fail("auto_pad is " + found->s());
      if (std::any_of(pads.begin(), pads.end(), [](std::int64_t pad) { return pad != 0; }))
        call.fail("pads beside auto_pad");
    }
    if (call.list("kernel_shape", kernel) != kernel) call.fail("kernel_shape is another");
    if (strides.size() != d || dilations.size() != d || pads.size() != 2 * d)
      call.fail("shapes do not fit");
    for (std::size_t k = 0; k < d; ++k) {
      before.push_back(pads[k]);
      after.push_back(pads[k + d]);
      if (kernel[k] < 1 || strides[k] < 1 || dilations[k] < 1 || pads[k] < 0 || pads[k + d] < 0)
        call.fail("a window, stride, dilation or pad is not positive");
    }
  }

  Axis axis(Call& call, std::size_t k, std::int64_t extent) const {
    const std::int64_t reach = dilations[k] * (kernel[k] - 1) + 1;
    std::int64_t first = before[k], count = 0;
    if (same != Same::no) {
      count = (extent + strides[k] - 1) / strides[k];
      const std::int64_t pad = std::max<std::int64_t>(0, (count - 1) * strides[k] + reach - extent);
      first = same == Same::upper ? pad / 2 : pad - pad / 2;
    } else {
      const std::int64_t room = extent + before[k] + after[k] - reach;
      if (room < 0) call.fail("the window is larger than the input");
      count = (ceil ? room + strides[k] - 1 : room) / strides[k] + 1;
      // Versions of ONNX Runtime differ in what they make of a window that begins behind the input.
      if (ceil && (count - 1) * strides[k] >= extent + before[k])
        call.fail("with ceil_mode a window lies behind the input");
    }
    Axis result(static_cast<std::size_t>(count));
    for (std::size_t o = 0; o < result.size(); ++o) {
      for (std::int64_t w = 0; w < kernel[k]; ++w) {
        const std::int64_t i = static_cast<std::int64_t>(o) * strides[k] + w * dilations[k] - first;
        if (i >= 0 && i < extent) result[o].emplace_back(w, i);
      }
    }
    return result;
  }
};

/// For each output place of all axes, in C order: pairs (place in the window, place in the input).
std::vector<std::vector<std::pair<std::size_t, std::size_t>>> places(
    const std::vector<Axis>& axes, const std::vector<std::int64_t>& kernel, const Shape& spatial) {
  std::vector<std::vector<std::pair<std::size_t, std::size_t>>> result = {{{0, 0}}};
  for (std::size_t k = 0; k < axes.size(); ++k) {
    std::vector<std::vector<std::pair<std::size_t, std::size_t>>> next;
    for (const auto& outer : result) {
      for (const auto& steps : axes[k]) {
        next.emplace_back();
        for (const auto& [window, input] : outer)
          for (const auto& [w, i] : steps)
            next.back().emplace_back(
                window * static_cast<std::size_t>(kernel[k]) + static_cast<std::size_t>(w),
                input * static_cast<std::size_t>(spatial[k]) + static_cast<std::size_t>(i));
      }
    }
    result = std::move(next);
  }
  return result;
}

/// The input's batch and channels, and where windows lie on it.
struct Field {
  std::size_t batch, channels, inner;
  Shape spatial, output;  ///< output: of the spatial axes
  std::vector<std::vector<std::pair<std::size_t, std::size_t>>> windows;

  Field(Call& call, const Tensor& x, const Windows& geometry) {
    if (x.constant || x.shape.size() != geometry.kernel.size() + 2) call.fail("shapes do not fit");
    batch = static_cast<std::size_t>(x.shape[0]);
    channels = static_cast<std::size_t>(x.shape[1]);
    spatial = {x.shape.begin() + 2, x.shape.end()};
    inner = static_cast<std::size_t>(count_of(spatial));
    std::vector<Axis> axes;
    for (std::size_t k = 0; k < spatial.size(); ++k) {
      axes.push_back(geometry.axis(call, k, spatial[k]));
      output.push_back(static_cast<std::int64_t>(axes.back().size()));
    }
    windows = places(axes, geometry.kernel, spatial);
  }
  Shape shape(std::size_t features) const {
    Shape result = {static_cast<std::int64_t>(batch), static_cast<std::int64_t>(features)};
    result.insert(result.end(), output.begin(), output.end());
    return result;
  }
};

std::vector<double> bias_of(Call& call, std::size_t features) {
  if (!call.has(2)) return std::vector<double>(features, 0.0);
  const Tensor& bias = call.input(2);
  if (!bias.constant || bias.size() != features) call.fail("its bias is not supported");
  return bias.values;
}

std::vector<Tensor> conv(Call& call) {
  const Tensor &x = call.input(0), &w = call.input(1);
  if (!w.constant || w.shape.size() < 3) call.fail("its weights have to be constant");
  const Windows geometry(call, {w.shape.begin() + 2, w.shape.end()});
  const Field field(call, x, geometry);
  const auto features = static_cast<std::size_t>(w.shape[0]),
             depth = static_cast<std::size_t>(w.shape[1]);
  const auto groups = static_cast<std::size_t>(std::max<std::int64_t>(1, call.integer("group", 1)));
  if (depth * groups != field.channels || features % groups != 0) call.fail("shapes do not fit");
  const auto window = static_cast<std::size_t>(count_of(geometry.kernel));
  const auto bias = bias_of(call, features);
  std::vector<AffineRow> rows;
  rows.reserve(field.batch * features * field.windows.size());
  for (std::size_t n = 0; n < field.batch; ++n) {
    for (std::size_t m = 0; m < features; ++m) {
      const std::size_t first = n * field.channels + m / (features / groups) * depth;
      for (const auto& places_read : field.windows) {
        AffineRow& row = rows.emplace_back();
        row.bias = exact(call, bias[m]);
        for (std::size_t c = 0; c < depth; ++c)
          for (const auto& [at, input] : places_read)
            if (const double weight = w.values[(m * depth + c) * window + at]; weight != 0.0)
              add_weight(call, row, x.elements[(first + c) * field.inner + input], weight);
      }
    }
  }
  return {affine(call, field.shape(features), rows)};
}

/// The transposed convolution is a convolution read the other way: input places get what output
/// places would read.
std::vector<Tensor> conv_transpose(Call& call) {
  const Tensor &x = call.input(0), &w = call.input(1);
  if (x.constant || !w.constant || w.shape.size() < 3 || x.shape.size() != w.shape.size())
    call.fail("its weights have to be constant");
  if (call.attribute("output_shape") != nullptr) call.fail("output_shape is not supported");
  const Windows geometry(call, {w.shape.begin() + 2, w.shape.end()});
  if (geometry.same != Windows::Same::no) call.fail("auto_pad is not supported");
  const std::size_t d = geometry.kernel.size();
  const auto extra = call.list("output_padding", std::vector<std::int64_t>(d, 0));
  if (extra.size() != d) call.fail("shapes do not fit");
  const auto depth = static_cast<std::size_t>(w.shape[0]),
             per_group = static_cast<std::size_t>(w.shape[1]);
  const auto groups = static_cast<std::size_t>(std::max<std::int64_t>(1, call.integer("group", 1)));
  if (x.shape[1] != w.shape[0] || depth % groups != 0) call.fail("shapes do not fit");
  const std::size_t features = per_group * groups;
  Shape shape = {x.shape[0], static_cast<std::int64_t>(features)}, spatial;
  std::vector<Axis> axes;
  for (std::size_t k = 0; k < d; ++k) {
    const std::int64_t extent = geometry.strides[k] * (x.shape[k + 2] - 1) + extra[k] +
                                geometry.dilations[k] * (geometry.kernel[k] - 1) + 1 -
                                geometry.before[k] - geometry.after[k];
    if (extent < 1) call.fail("shapes do not fit");
    spatial.push_back(extent);
    axes.emplace_back(static_cast<std::size_t>(x.shape[k + 2]));
    for (std::int64_t i = 0; i < x.shape[k + 2]; ++i)
      for (std::int64_t at = 0; at < geometry.kernel[k]; ++at)
        if (const std::int64_t o =
                i * geometry.strides[k] + at * geometry.dilations[k] - geometry.before[k];
            o >= 0 && o < extent)
          axes.back()[static_cast<std::size_t>(i)].emplace_back(at, o);
  }
  shape.insert(shape.end(), spatial.begin(), spatial.end());
  const auto windows = places(axes, geometry.kernel, spatial);
  const auto inner = static_cast<std::size_t>(count_of(spatial)),
             window = static_cast<std::size_t>(count_of(geometry.kernel));
  const auto bias = bias_of(call, features);
  std::vector<AffineRow> rows(static_cast<std::size_t>(count_of(shape)));
  for (std::size_t k = 0; k < rows.size(); ++k)
    rows[k].bias = exact(call, bias[k / inner % features]);
  for (std::size_t e = 0; e < x.size(); ++e) {
    const std::size_t c = e / windows.size() % depth, n = e / windows.size() / depth,
                      group = c / (depth / groups);
    for (std::size_t m = 0; m < per_group; ++m)
      for (const auto& [at, output] : windows[e % windows.size()])
        if (const double weight = w.values[(c * per_group + m) * window + at]; weight != 0.0)
          add_weight(call, rows[(n * features + group * per_group + m) * inner + output],
                     x.elements[e], weight);
  }
  return {affine(call, shape, rows)};
}

std::vector<Tensor> average(Call& call, const Windows& geometry) {
  const Tensor& x = call.input(0);
  const Field field(call, x, geometry);
  const bool padded = call.integer("count_include_pad", 0) != 0;
  if (padded && geometry.ceil) call.fail("ceil_mode with count_include_pad is not supported");
  std::vector<AffineRow> rows;
  for (std::size_t nc = 0; nc < field.batch * field.channels; ++nc) {
    for (const auto& places_read : field.windows) {
      AffineRow& row = rows.emplace_back();
      const std::int64_t count =
          padded ? count_of(geometry.kernel) : static_cast<std::int64_t>(places_read.size());
      for (const auto& [at, input] : places_read)
        add_term(row, x.elements[nc * field.inner + input],
                 mpq_class(1) / mpq_class(static_cast<long>(count)));
    }
  }
  return {affine(call, field.shape(field.channels), rows)};
}

std::vector<Tensor> average_pool(Call& call) {
  return average(call, Windows(call, call.list("kernel_shape", {})));
}

std::vector<Tensor> global_average_pool(Call& call) {
  const Shape& shape = call.input(0).shape;
  if (shape.size() < 3) call.fail("shapes do not fit");
  return average(call, Windows(call, {shape.begin() + 2, shape.end()}));
}

/// A chain: the largest so far against the window's next place, for all windows that have one.
Tensor max_of_windows(Call& call, const Windows& geometry) {
  const Tensor& x = call.input(0);
  const Field field(call, x, geometry);
  Tensor result{.shape = field.shape(field.channels)};
  std::size_t longest = 0;
  for (const auto& window : field.windows) {
    if (window.empty()) call.fail("a window lies in the padding");
    longest = std::max(longest, window.size());
  }
  const std::size_t planes = field.batch * field.channels, each = field.windows.size();
  const auto read = [&](std::size_t k, std::size_t step) {
    return x.elements[k / each * field.inner + field.windows[k % each][step].second];
  };
  for (std::size_t k = 0; k < planes * each; ++k) result.elements.push_back(read(k, 0));
  for (std::size_t step = 1; step < longest; ++step) {
    Tensor next, so_far;
    std::vector<std::size_t> which;
    for (std::size_t k = 0; k < planes * each; ++k) {
      if (field.windows[k % each].size() <= step) continue;
      which.push_back(k);
      next.elements.push_back(read(k, step));
      so_far.elements.push_back(result.elements[k]);
    }
    next.shape = so_far.shape = {static_cast<std::int64_t>(which.size())};
    const Tensor larger_ones = larger(call, next, so_far, 1.0);
    for (std::size_t j = 0; j < which.size(); ++j)
      result.elements[which[j]] = larger_ones.elements[j];
  }
  return result;
}

std::vector<Tensor> max_pool(Call& call) {
  if (call.integer("storage_order", 0) != 0) call.fail("storage_order is not supported");
  return {max_of_windows(call, Windows(call, call.list("kernel_shape", {})))};
}
std::vector<Tensor> global_max_pool(Call& call) {
  const Shape& shape = call.input(0).shape;
  if (shape.size() < 3) call.fail("shapes do not fit");
  return {max_of_windows(call, Windows(call, {shape.begin() + 2, shape.end()}))};
}

}  // namespace

void add_window_operators(Operators& table) {
  table.insert({{"Conv", conv},
                {"ConvTranspose", conv_transpose},
                {"AveragePool", average_pool},
                {"GlobalAveragePool", global_average_pool},
                {"GlobalMaxPool", global_max_pool},
                {"MaxPool", max_pool}});
}

}  // namespace clipcheck
