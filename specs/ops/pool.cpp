// Idea: MaxPool and AveragePool over any number of spatial axes. Padding never wins a maximum; an
// average counts it only with count_include_pad.
// Source: ONNX operator specification, MaxPool and AveragePool.
// Guarantees: float, double and Enclosed compute one template; the running error covers every
// rounding (S1).
#include <limits>

#include "base/check.h"
#include "specs/network/op_table.h"
#include "specs/network/summation.h"
#include "specs/ops/extremes.h"
#include "specs/ops/windows.h"

namespace clipbound::specs {
namespace {

WindowShape pool_windows(const Network& network, const Node& node) {
  const Shape& x = input_of(network, node, 0).shape;
  const auto* kernel = node.ints_attribute("kernel_shape");
  if (kernel == nullptr || x.size() < 3 || kernel->size() + 2 != x.size())
    throw InputError("kernel_shape does not fit the input " + to_string(x));
  WindowShape windows = windows_over(node, spatial_shape(x), *kernel);
  for (std::size_t d = 0; d < kernel->size(); ++d)
    if (std::max(windows.pads_before[d], windows.pads_after[d]) >
        ((*kernel)[d] - 1) * windows.dilations[d])
      throw InputError("pads are not smaller than the kernel");
  return windows;
}

/// What both pools share: images_ one-channel images per point, each [image] -> [positions].
class Pool {
 public:
  Pool(const Network& network, const Node& node)
      : windows_(pool_windows(network, node)),
        images_(network.value(node.inputs[0]).size() / windows_.image_size()),
        x_stride_(point_stride(network, node.inputs[0])) {}

 protected:
  /// body(where an image begins in x, where it begins in y) for all.
  template <typename Body>
  void for_each_image(std::int64_t batch, const Body& body) const {
    for (std::int64_t b = 0; b < batch; ++b)
      for (std::int64_t i = 0; i < images_; ++i)
        body(b * x_stride_ + i * windows_.image_size(), (b * images_ + i) * windows_.positions());
  }
  /// body(position, image element) for all taps inside the image; taps in the given order.
  template <typename Body>
  void for_each_tap(const Body& body, bool reversed = false) const {
    for (std::int64_t i = 0; i < windows_.taps(); ++i) {
      const std::int64_t t = reversed ? windows_.taps() - 1 - i : i;
      for (std::int64_t r = 0; r < windows_.rows(); ++r) {
        const Windows::Stretch& s = windows_.stretch(t, r);
        for (std::int64_t j = s.first; j < s.last; ++j)
          body(r * windows_.width() + j, s.source + j * windows_.step());
      }
    }
  }

  Windows windows_;
  std::int64_t images_, x_stride_;
};

class MaxPoolOp : public Pool {
 public:
  using Pool::Pool;

  template <typename S>
  void run(const Arguments<S>& a) const {
    if constexpr (std::is_same_v<S, std::int64_t>) {
      CLIPBOUND_CHECK_NOTE(false, "a pool of integers");
    } else {
      for_each_image(a.batch, [&](std::int64_t from, std::int64_t to) {
        const S* x = a.inputs[0] + from;
        S* y = a.outputs[0] + to;
        std::fill_n(y, windows_.positions(), S(-std::numeric_limits<double>::infinity()));
        for_each_tap([x, y](std::int64_t p, std::int64_t e) { y[p] = Largest::of(y[p], x[e]); });
      });
    }
  }

  /// To the first tap that has the maximum.
  template <typename T>
  void pull(const Arguments<T>& a, const Gradients<T>& g) const {
    if (g.inputs[0] == nullptr) return;
    std::vector<bool> given(static_cast<std::size_t>(windows_.positions()));
    for_each_image(a.batch, [&](std::int64_t from, std::int64_t to) {
      std::fill(given.begin(), given.end(), false);
      for_each_tap([&](std::int64_t p, std::int64_t e) {
        if (given[static_cast<std::size_t>(p)] || a.inputs[0][from + e] != a.outputs[0][to + p])
          return;
        given[static_cast<std::size_t>(p)] = true;
        g.inputs[0][from + e] += g.outputs[0][to + p];
      });
    });
  }
};

/// Per position: taps inside the image or its pads (with ceil_mode a window may reach beyond both),
/// where so many pads follow.
std::vector<std::int64_t> padded_counts(const WindowShape& w, const Shape& pads_after) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(element_count(w.output)), 1);
  for (std::size_t p = 0; p < counts.size(); ++p) {
    auto rest = static_cast<std::int64_t>(p);
    for (std::size_t d = w.output.size(); d-- > 0;) {
      const std::int64_t start = rest % w.output[d] * w.strides[d];  // from the first pad on
      const std::int64_t room =
          std::max<std::int64_t>(w.pads_before[d] + w.image[d] + pads_after[d] - start, 1);
      counts[p] *= std::min(w.kernel[d], (room + w.dilations[d] - 1) / w.dilations[d]);
      rest /= w.output[d];
    }
  }
  return counts;
}

/// From opset 19 on, ONNX Runtime (1.14 to at least 1.20) reads the pads behind axis d at place
/// 2 d + 1 of the list, as if pads came in pairs. Empty where that changes no count.
std::vector<std::int64_t> runtime_counts(const WindowShape& w) {
  Shape pads = w.pads_before;
  pads.insert(pads.end(), w.pads_after.begin(), w.pads_after.end());
  Shape after;
  for (std::size_t d = 0; d < w.image.size(); ++d) after.push_back(pads[2 * d + 1]);
  std::vector<std::int64_t> counts = padded_counts(w, after);
  return counts == padded_counts(w, w.pads_after) ? std::vector<std::int64_t>() : counts;
}

class AveragePoolOp : public Pool {
 public:
  AveragePoolOp(const Network& network, const Node& node) : Pool(network, node) {
    divisors_.assign(static_cast<std::size_t>(windows_.positions()), 0);
    if (node.int_attribute("count_include_pad", 0) != 0 && node.opset < 19) {
      // ONNX Runtime counts what a window of ceil_mode has beyond the pads as well; the definition
      // changed with opset 19.
      std::fill(divisors_.begin(), divisors_.end(), windows_.taps());
    } else if (node.int_attribute("count_include_pad", 0) != 0) {
      divisors_ = padded_counts(windows_.shape(), windows_.shape().pads_after);
      runtime_divisors_ = runtime_counts(windows_.shape());
    } else {
      for_each_tap(
          [this](std::int64_t p, std::int64_t) { ++divisors_[static_cast<std::size_t>(p)]; });
    }
  }

  template <typename S>
  void run(const Arguments<S>& a) const {
    if constexpr (std::is_same_v<S, std::int64_t>) {
      CLIPBOUND_CHECK_NOTE(false, "a pool of integers");
    } else {
      std::vector<Accumulator<S>> sums(divisors_.size());
      for_each_image(a.batch, [&](std::int64_t from, std::int64_t to) {
        std::fill(sums.begin(), sums.end(), Accumulator<S>{});
        const S* x = a.inputs[0] + from;
        for_each_tap([&](std::int64_t p,
                         std::int64_t e) { sums[static_cast<std::size_t>(p)].add(x[e], S(1)); },
                     a.sums == Sums::reversed);
        const std::vector<std::int64_t>& divisors =
            runtime_divisors_.empty() || a.sums != Sums::blocked ? divisors_ : runtime_divisors_;
        for (std::size_t p = 0; p < sums.size(); ++p)
          a.outputs[0][to + static_cast<std::int64_t>(p)] =
              sums[p].result(windows_.taps()) / S(static_cast<double>(divisors[p]));
      });
    }
  }

  template <typename T>
  void pull(const Arguments<T>& a, const Gradients<T>& g) const {
    if (g.inputs[0] == nullptr) return;
    for_each_image(a.batch, [&](std::int64_t from, std::int64_t to) {
      for_each_tap([&](std::int64_t p, std::int64_t e) {
        g.inputs[0][from + e] +=
            g.outputs[0][to + p] / static_cast<T>(divisors_[static_cast<std::size_t>(p)]);
      });
    });
  }

 private:
  std::vector<std::int64_t> divisors_;  ///< per position
  /// Those of ONNX Runtime; empty where they are the same. The blocked order takes them, so that a
  /// counterexample is one with either.
  std::vector<std::int64_t> runtime_divisors_;
};

/// Says where ONNX Runtime (1.22) computes something else.
void note_runtime(Network& network, const Node& node, const WindowShape& windows) {
  const auto note = [&](const std::string& what) {
    network.notes.push_back(describe(node) + ": " + what +
                            ". Here it means what the standard says; written-out pads mean the "
                            "same to both");
  };
  const std::string mode = string_attribute(node, "auto_pad", "NOTSET");
  bool spread = false;
  for (std::size_t d = 0; d < windows.kernel.size(); ++d)
    spread = spread || (windows.dilations[d] > 1 && windows.kernel[d] > 1);
  if (spread && (mode == "SAME_UPPER" || mode == "SAME_LOWER"))
    note("ONNX Runtime leaves the dilations out of automatic pads, and gives another shape");
  const bool counts = node.int_attribute("count_include_pad", 0) != 0;
  if (node.kind == OpKind::average_pool && counts && node.opset >= 19 &&
      !runtime_counts(windows).empty())
    note(
        "ONNX Runtime counts other pads than those at the end of an axis, and divides by another "
        "number; a counterexample is asked to be one either way");
}

void infer(Network& network, Node& node) {
  expect_arity(node, 1, 1, 2);
  keep_first_output(node, "indices");
  expect_floating(network, node, 0);
  const Value& x = input_of(network, node, 0);
  const WindowShape windows = pool_windows(network, node);
  note_runtime(network, node, windows);
  Shape shape{x.shape[0], x.shape[1]};
  shape.insert(shape.end(), windows.output.begin(), windows.output.end());
  set_output(network, node, 0, x.type, shape);
}

}  // namespace

OpVerbs verbs_of_max_pool() {
  return {infer, prepare_as<MaxPoolOp>};
}
OpVerbs verbs_of_average_pool() {
  return {infer, prepare_as<AveragePoolOp>};
}

}  // namespace clipbound::specs
