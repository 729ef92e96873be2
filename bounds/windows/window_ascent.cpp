#include "bounds/windows/window_ascent.h"

#include <algorithm>
#include <cmath>

namespace clipbound::bounds {

namespace {

/// The ascent ends where so many iterations leave more than this part of the gap.
constexpr int kPatience = 3;
constexpr double kProgress = 0.97;
constexpr double kFirst = 0.9, kSecond = 0.999;  // Adam's, as in SlopeOptimizer

/// Values of the linearised network at the corner of every row, layer by layer, and the gradient.
class ForwardWindows {
 public:
  ForwardWindows(const WindowNetwork& network, const RelaxedLayers& layers, const WindowPlan& plan,
                 WindowSlopes& slopes, WindowMemory& memory)
      : network_(network),
        layers_(layers),
        plan_(plan),
        slopes_(slopes),
        memory_(memory),
        values_(plan.of.size()),
        last_reader_(plan.of.size(), -1) {
    for (std::size_t k = 0; k < plan.steps.size(); ++k) {
      for (const WindowStep& step : plan.steps[k])
        last_reader_[static_cast<std::size_t>(step.source + 1)] = static_cast<int>(k);
    }
  }

  /// visit(layer, gradient [unstable, S]) for every layer of ReLUs with slopes.
  template <typename Visit>
  void run(const Visit& visit) {
    begin();
    for (std::size_t k = 0; k < plan_.steps.size(); ++k) {
      if (plan_.of[k + 1].is_empty()) continue;
      const auto layer = static_cast<int>(k);
      std::vector<double> z = pre_activations(layer);
      if (layers_.is_relu(layer)) visit(layer, activate(layer, z));
      values_[k + 1] = std::move(z);
      for (const WindowStep& step : plan_.steps[k]) {
        const auto s = static_cast<std::size_t>(step.source + 1);
        if (last_reader_[s] == layer) memory_.give(std::exchange(values_[s], {}));
      }
    }
    for (std::vector<double>& value : values_) memory_.give(std::exchange(value, {}));
  }

 private:
  void begin() {
    if (plan_.of[0].is_empty()) return;
    const SourceShape& shape = network_.shape(kInputSource);
    const WindowPlaces places = places_of(shape, plan_.of[0]);
    const IntervalVector& box = layers_.sources().at(kInputSource);
    const auto size = static_cast<std::size_t>(shape.channels) * places.position.size();
    stride_ = slopes_.at_input.size() / std::max<std::size_t>(size, 1);
    values_[0] = memory_.take(slopes_.at_input.size());
    std::size_t at = 0;
    for (std::int64_t c = 0; c < shape.channels; ++c) {
      for (const std::int64_t position : places.position) {
        const auto e = static_cast<std::size_t>(c * shape.positions() + position);
        for (std::size_t b = 0; b < stride_; ++b, ++at)
          values_[0][at] = slopes_.at_input[at] < 0.0 ? box.upper[e] : box.lower[e];
      }
    }
  }

  std::vector<double> pre_activations(int layer) {
    const SourceShape& shape = network_.shape(layer);
    const WindowPlaces places = places_of(shape, plan_.of[static_cast<std::size_t>(layer) + 1]);
    const AffineForm& form = network_.form(layer);
    std::vector<double> z =
        memory_.take(static_cast<std::size_t>(shape.channels) * places.position.size() * stride_);
    double* row = z.data();
    for (std::int64_t c = 0; c < shape.channels; ++c) {
      for (const std::int64_t position : places.position) {
        std::fill_n(row, stride_,
                    form.constant[static_cast<std::size_t>(c * shape.positions() + position)]);
        row += stride_;
      }
    }
    auto step = plan_.steps[static_cast<std::size_t>(layer)].begin();
    for (const auto& [source, coefficients] : form.terms)
      add_product(layer, places, *step++, coefficients, z);
    return z;
  }

  void add_product(int layer, const WindowPlaces& places, const WindowStep& step,
                   const Coefficients& coefficients, std::vector<double>& z) {
    const std::vector<double>& value = values_[static_cast<std::size_t>(step.source + 1)];
    if (value.empty()) return;
    const SourceShape& shape = network_.shape(step.source);
    const Window& window = plan_.of[static_cast<std::size_t>(step.source + 1)];
    const auto B = static_cast<std::int64_t>(stride_);
    if (step.part) {
      const Window read{step.part->read.first, step.part->read.extent};
      if (read == window) return step.part->map.apply(value.data(), B, z.data(), true);
      std::vector<double> part =
          memory_.take(static_cast<std::size_t>(shape.channels * read.positions() * B));
      const WindowPlaces from = places_of(shape, window), to = places_of(shape, read);
      double* out = part.data();
      for (std::int64_t c = 0; c < shape.channels; ++c) {
        for (const std::int64_t position : to.position) {
          std::copy_n(
              value.data() +
                  (c * window.positions() + from.local[static_cast<std::size_t>(position)]) * B,
              B, out);
          out += B;
        }
      }
      step.part->map.apply(part.data(), B, z.data(), true);
      memory_.give(std::move(part));
      return;
    }
    add_rows(layer, places, step.source, coefficients, value, z);
  }

  void add_rows(int layer, const WindowPlaces& places, int source, const Coefficients& coefficients,
                const std::vector<double>& value, std::vector<double>& z) const {
    const SourceShape &to = network_.shape(layer), &from = network_.shape(source);
    const Window& window = plan_.of[static_cast<std::size_t>(source + 1)];
    const WindowPlaces there = places_of(from, window);
    RowReader reader(coefficients);
    double* row = z.data();
    for (std::int64_t c = 0; c < to.channels; ++c) {
      for (const std::int64_t position : places.position) {
        const auto [index, weight] = reader.row(c * to.positions() + position);
        for (std::size_t j = 0; j < index.size(); ++j) {
          const std::int32_t local =
              there.local[static_cast<std::size_t>(index[j] % from.positions())];
          const double* const in =
              value.data() + (index[j] / from.positions() * window.positions() + local) *
                                 static_cast<std::int64_t>(stride_);
          for (std::size_t b = 0; b < stride_; ++b) row[b] += weight[j] * in[b];
        }
        row += stride_;
      }
    }
  }

  /// z becomes what the lines make of it; the gradient by the slopes.
  std::vector<float> activate(int layer, std::vector<double>& z) {
    const SourceShape& shape = network_.shape(layer);
    const WindowPlaces places = places_of(shape, plan_.of[static_cast<std::size_t>(layer) + 1]);
    const WindowSlopes::Layer& slopes = slopes_.of(layer);
    std::vector<float> gradient;
    gradient.reserve(slopes.alpha.size());
    double* row = z.data();
    std::size_t at = 0;
    for (std::int64_t c = 0; c < shape.channels; ++c) {
      for (const std::int64_t position : places.position) {
        const NeuronLines lines = layers_.neurons(layer).lines(
            static_cast<std::size_t>(c * shape.positions() + position), 0.0);
        if (!lines.is_unstable()) {
          for (std::size_t b = 0; b < stride_; ++b) row[b] *= lines.slope;
          row += stride_;
          continue;
        }
        for (std::size_t b = 0; b < stride_; ++b, ++at) {
          const bool from_below = slopes.coefficient[at] >= 0.0F;
          gradient.push_back(from_below ? slopes.coefficient[at] * static_cast<float>(row[b])
                                        : 0.0F);
          row[b] = from_below ? static_cast<double>(slopes.alpha[at]) * row[b]
                              : lines.slope * (row[b] - lines.low);
        }
        row += stride_;
      }
    }
    return gradient;
  }

  const WindowNetwork& network_;
  const RelaxedLayers& layers_;
  const WindowPlan& plan_;
  WindowSlopes& slopes_;
  WindowMemory& memory_;
  std::vector<std::vector<double>> values_;  // by source
  std::vector<int> last_reader_;
  std::size_t stride_ = 0;
};

/// Adam's state of one layer.
struct Moments {
  std::vector<float> first, second;
};

void climb(const std::vector<float>& gradient, double rate, int iteration, Moments& moments,
           std::vector<float>& alpha) {
  moments.first.resize(gradient.size());
  moments.second.resize(gradient.size());
  const double first_share = 1.0 / (1.0 - std::pow(kFirst, iteration + 1)),
               second_share = 1.0 / (1.0 - std::pow(kSecond, iteration + 1));
  for (std::size_t t = 0; t < gradient.size(); ++t) {
    const double g = gradient[t],
                 m = kFirst * static_cast<double>(moments.first[t]) + (1.0 - kFirst) * g,
                 s = kSecond * static_cast<double>(moments.second[t]) + (1.0 - kSecond) * g * g,
                 step = m * first_share / (std::sqrt(s * second_share) + 1e-12),
                 moved = static_cast<double>(alpha[t]) + rate * step;
    moments.first[t] = static_cast<float>(m);
    moments.second[t] = static_cast<float>(s);
    // A NaN becomes 0.
    alpha[t] = moved > 0.0 ? static_cast<float>(std::min(moved, 1.0)) : 0.0F;
  }
}

/// What rows lack of being above 0, added up.
double gap_of(const std::vector<double>& bounds) {
  double gap = 0.0;
  for (const double bound : bounds) gap += std::max(0.0, -bound);
  return gap;
}

}  // namespace

std::vector<double> ascend(const WindowNetwork& network, const RelaxedLayers& layers,
                           const WindowPlan& plan, const AffineForm& form,
                           const std::vector<std::int64_t>& which, const AscentSchedule& schedule,
                           const Deadline& deadline, WindowMemory& memory) {
  std::vector<double> best;
  WindowSlopes slopes;
  std::vector<Moments> moments(plan.steps.size());
  double rate = schedule.rate, gap = kInfinity;
  for (int iteration = 0;; ++iteration) {
    WindowRows rows(network, layers, plan, form, which, RowSides::lower, memory, &slopes);
    rows.run([&] { return deadline.expired(); });
    deadline.work(2.0 * rows.work());
    if (best.empty()) best = rows.lower();
    for (std::size_t r = 0; r < best.size(); ++r) best[r] = std::max(best[r], rows.lower()[r]);
    const double gap_now = gap_of(best);
    const bool stands = iteration % kPatience == kPatience - 1 && !(gap_now < kProgress * gap);
    if (iteration % kPatience == kPatience - 1) gap = gap_now;
    const bool is_done =
        stands || std::all_of(best.begin(), best.end(), [](double bound) { return bound > 0.0; });
    if (is_done || iteration >= schedule.iterations || deadline.expired() ||
        deadline.spent_s() > schedule.until_s || slopes.at_input.empty())
      return best;
    ForwardWindows(network, layers, plan, slopes, memory)
        .run([&](int layer, const std::vector<float>& gradient) {
          climb(gradient, rate, iteration, moments[static_cast<std::size_t>(layer)],
                slopes.of(layer).alpha);
        });
    rate *= schedule.decay;
  }
}

}  // namespace clipbound::bounds
