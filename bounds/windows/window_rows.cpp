#include "bounds/windows/window_rows.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "base/rounding.h"
#include "base/simd.h"
#include "bounds/windows/window_kernels.h"

namespace clipbound::bounds {

std::vector<double> WindowMemory::take(std::size_t size) {
  std::vector<double> numbers;
  if (!spare_.empty()) {
    numbers = std::move(spare_.back());
    spare_.pop_back();
  }
  numbers.assign(size, 0.0);
  return numbers;
}

void WindowMemory::give(std::vector<double> numbers) {
  if (numbers.capacity() > 0) spare_.push_back(std::move(numbers));
}

WindowRows::WindowRows(const WindowNetwork& network, const RelaxedLayers& layers,
                       const WindowPlan& plan, const AffineForm& form,
                       const std::vector<std::int64_t>& which, RowSides sides, WindowMemory& memory,
                       WindowSlopes* slopes)
    : network_(network),
      layers_(layers),
      plan_(plan),
      sides_(sides),
      memory_(memory),
      slopes_(slopes),
      coefficients_(plan.of.size()),
      sums_(0),
      lower_(which.size(), -kInfinity),
      upper_(which.size(), kInfinity) {
  begin(form, which);
}

void WindowRows::begin(const AffineForm& form, const std::vector<std::int64_t>& which) {
  constexpr auto kWhole = static_cast<std::size_t>(kLanes);
  stride_ = (which.size() + kWhole - 1) / kWhole * kWhole;
  sums_ = RowTotals(stride_);
  for (std::size_t b = 0; b < which.size(); ++b) {
    rows_.push_back(b);
    const auto row = static_cast<std::size_t>(which[b]);
    sums_.constant[b] = form.constant[row];
    sums_.error[b] =
        layers_.slack_for(form.radius[row], magnitude_of_terms(form, which[b], layers_.sources()));
  }
  for (const auto& [source, coefficients] : form.terms) {
    if (window(source).is_empty()) continue;
    const SourceShape& shape = network_.shape(source);
    const WindowPlaces places = places_of(shape, window(source));
    const std::int64_t positions = window(source).positions();
    std::vector<double>& to = of(source);
    RowReader reader(coefficients);
    for (std::size_t b = 0; b < which.size(); ++b) {
      const auto [index, value] = reader.row(which[b]);
      for (std::size_t j = 0; j < index.size(); ++j) {
        const std::int32_t local =
            places.local[static_cast<std::size_t>(index[j] % shape.positions())];
        CLIPBOUND_CHECK(local >= 0);
        const std::int64_t at = index[j] / shape.positions() * positions + local;
        to[static_cast<std::size_t>(at) * stride_ + b] = value[j];
      }
    }
  }
}

std::vector<double>& WindowRows::of(int source) {
  std::vector<double>& numbers = coefficients_[static_cast<std::size_t>(source + 1)];
  if (numbers.empty())
    numbers = memory_.take(
        static_cast<std::size_t>(network_.shape(source).channels * window(source).positions()) *
        stride_);
  return numbers;
}

void WindowRows::relax(int layer, std::vector<double>& p) {
  const WindowPlaces places = places_of(network_.shape(layer), window(layer));
  if (slopes_ != nullptr && layers_.is_relu(layer)) return relax_by_slopes(layer, places, p);
  const RelaxedNeurons& neurons = layers_.neurons(layer);
  const std::vector<double>& constant = network_.form(layer).constant;
  const auto count = static_cast<std::int64_t>(places.position.size());
  double* row = p.data();
  RowTotals all(stride_);
  for (std::int64_t c = 0; c < network_.shape(layer).channels; ++c) {
    RowTotals part(stride_);
    for (std::int64_t i = 0; i < count; ++i, row += stride_) {
      const auto v = static_cast<std::size_t>(c * network_.shape(layer).positions() +
                                              places.position[static_cast<std::size_t>(i)]);
      const NeuronLines lines = neurons.lines(v, constant[v]);
      if (sides_ == RowSides::both)
        relax_both_sides(lines, stride_, row, part);
      else
        relax_from_below(lines, stride_, row, part);
    }
    all += part;
  }
  sums_ += all;
}

void WindowRows::relax_by_slopes(int layer, const WindowPlaces& places, std::vector<double>& p) {
  const std::vector<double>& constant = network_.form(layer).constant;
  WindowSlopes::Layer& slopes = slopes_->of(layer);
  const bool is_new = slopes.alpha.empty();
  slopes.coefficient.clear();
  double* row = p.data();
  std::size_t at = 0;
  RowTotals all(stride_);
  for (std::int64_t c = 0; c < network_.shape(layer).channels; ++c) {
    RowTotals part(stride_);
    for (const std::int64_t position : places.position) {
      const auto v = static_cast<std::size_t>(c * network_.shape(layer).positions() + position);
      const NeuronLines lines = layers_.neurons(layer).lines(v, constant[v]);
      if (!lines.is_unstable()) {
        relax_from_below(lines, stride_, row, part);
      } else {
        if (is_new) slopes.alpha.insert(slopes.alpha.end(), stride_, lines.convex());
        for (std::size_t b = 0; b < stride_; ++b)
          slopes.coefficient.push_back(static_cast<float>(row[b]));
        relax_from_below(lines, stride_, row, part, slopes.alpha.data() + at);
        at += stride_;
      }
      row += stride_;
    }
    all += part;
  }
  sums_ += all;
}

void WindowRows::push(int layer, const WindowStep& step, const Coefficients& coefficients,
                      const std::vector<double>& p) {
  const Window& to = window(step.source);
  if (to.is_empty()) return;
  const auto B = static_cast<std::int64_t>(stride_);
  if (!step.part) {
    if (coefficients.structure() != nullptr)
      return push_map(layer, step.source, *coefficients.structure(), p);
    return push_rows(layer, step.source, coefficients, p);
  }
  const ConvolutionMap& map = step.part->map;
  work_ += static_cast<double>(map.entries()) * static_cast<double>(B);
  const Window read{step.part->read.first, step.part->read.extent};
  if (read.is_empty()) return;
  std::vector<double>& numbers = of(step.source);
  if (read == to) {
    map.apply_transposed_beside(p.data(), B, numbers.data(), true);
    return;
  }
  std::vector<double> product = memory_.take(static_cast<std::size_t>(map.columns() * B));
  map.apply_transposed_beside(p.data(), B, product.data(), true);
  const SourceShape& shape = network_.shape(step.source);
  const WindowPlaces from = places_of(shape, read), into = places_of(shape, to);
  const double* row = product.data();
  for (std::int64_t c = 0; c < shape.channels; ++c) {
    double* const channel = numbers.data() + c * to.positions() * B;
    for (const std::int64_t position : from.position) {
      double* const at = channel + into.local[static_cast<std::size_t>(position)] * B;
      for (std::int64_t b = 0; b < B; ++b) at[b] += row[b];
      row += B;
    }
  }
  memory_.give(std::move(product));
}

void WindowRows::push_rows(int layer, int source, const Coefficients& coefficients,
                           const std::vector<double>& p) {
  const SourceShape &from = network_.shape(layer), &to = network_.shape(source);
  const WindowPlaces here = places_of(from, window(layer)), there = places_of(to, window(source));
  const std::int64_t positions = window(source).positions(), B = static_cast<std::int64_t>(stride_);
  std::vector<double>& numbers = of(source);
  RowReader reader(coefficients);
  const double* row = p.data();
  for (std::int64_t c = 0; c < from.channels; ++c) {
    for (const std::int64_t position : here.position) {
      const auto [index, value] = reader.row(c * from.positions() + position);
      for (std::size_t j = 0; j < index.size(); ++j) {
        const std::int32_t local = there.local[static_cast<std::size_t>(index[j] % to.positions())];
        double* const at = numbers.data() + (index[j] / to.positions() * positions + local) * B;
        const double weight = value[j];
        for (std::int64_t b = 0; b < B; ++b) at[b] += weight * row[b];
      }
      work_ += static_cast<double>(index.size()) * static_cast<double>(B);
      row += B;
    }
  }
}

void WindowRows::push_map(int layer, int source, const StructuredMap& map,
                          const std::vector<double>& p) {
  const SourceShape &from = network_.shape(layer), &to = network_.shape(source);
  const WindowPlaces here = places_of(from, window(layer)), there = places_of(to, window(source));
  const std::int64_t positions = window(source).positions();
  std::vector<double> one = memory_.take(static_cast<std::size_t>(map.rows())),
                      product = memory_.take(static_cast<std::size_t>(map.cols()));
  std::vector<double>& numbers = of(source);
  for (std::size_t b = 0; b < rows_.size(); ++b) {
    std::fill(product.begin(), product.end(), 0.0);
    const double* row = p.data() + b;
    for (std::int64_t c = 0; c < from.channels; ++c) {
      for (const std::int64_t position : here.position) {
        one[static_cast<std::size_t>(c * from.positions() + position)] = *row;
        row += stride_;
      }
    }
    map.add_transposed(one.data(), 1, product.data());
    for (std::int64_t c = 0; c < to.channels; ++c) {
      for (std::size_t i = 0; i < there.position.size(); ++i) {
        const auto at = static_cast<std::size_t>(c * positions) + i;
        numbers[at * stride_ + b] +=
            product[static_cast<std::size_t>(c * to.positions() + there.position[i])];
      }
    }
    work_ += static_cast<double>(map.entries());
  }
  memory_.give(std::move(one));
  memory_.give(std::move(product));
}

void WindowRows::concretize() {
  RangeTotals ends(stride_);
  for (int source = kInputSource; source < plan_.layer; ++source) {
    const std::vector<double>& numbers = coefficients_[static_cast<std::size_t>(source + 1)];
    if (numbers.empty()) continue;
    const SourceShape& shape = network_.shape(source);
    const WindowPlaces places = places_of(shape, window(source));
    const IntervalVector& range = layers_.sources().at(source);
    const double* row = numbers.data();
    RangeTotals all(stride_);
    for (std::int64_t c = 0; c < shape.channels; ++c) {
      RangeTotals part(stride_);
      for (const std::int64_t position : places.position) {
        const auto e = static_cast<std::size_t>(c * shape.positions() + position);
        add_range(row, range.lower[e], range.upper[e], stride_, part);
        row += stride_;
      }
      all += part;
    }
    ends += all;
  }
  const double gamma = layers_.gamma();
  for (std::size_t b = 0; b < rows_.size(); ++b) {
    const auto loss = [&](double intercepts) {
      return (sums_.error[b] + 4.0 * gamma * std::fabs(intercepts)) * (1.0 + 4.0 * gamma);
    };
    const double low =
        next_down(ends.least[b] + sums_.constant[b] + sums_.low[b] - loss(sums_.low[b]));
    if (std::fabs(low) < kOverflow) lower_[rows_[b]] = std::max(lower_[rows_[b]], low);
    if (sides_ != RowSides::both) continue;
    const double high =
        next_up(ends.most[b] + sums_.constant[b] - sums_.high[b] + loss(sums_.high[b]));
    if (std::fabs(high) < kOverflow) upper_[rows_[b]] = std::min(upper_[rows_[b]], high);
  }
}

void WindowRows::drop_decided() {
  std::vector<std::size_t> kept;
  for (std::size_t b = 0; b < rows_.size(); ++b) {
    if (!is_decided(rows_[b])) kept.push_back(b);
  }
  constexpr auto kWhole = static_cast<std::size_t>(kLanes);
  const std::size_t stride = (kept.size() + kWhole - 1) / kWhole * kWhole;
  if (4 * stride > 3 * stride_ && !kept.empty()) return;
  // What is kept moves to the front; a number never moves up.
  const auto keep = [&](std::vector<double>& numbers) {
    const std::size_t elements = numbers.size() / stride_;
    for (std::size_t e = 0; e < elements; ++e) {
      for (std::size_t j = 0; j < kept.size(); ++j)
        numbers[e * stride + j] = numbers[e * stride_ + kept[j]];
      std::fill_n(numbers.begin() + static_cast<std::ptrdiff_t>(e * stride + kept.size()),
                  stride - kept.size(), 0.0);
    }
    numbers.resize(elements * stride);
  };
  for (std::vector<double>& numbers : coefficients_) {
    if (numbers.empty()) continue;
    if (kept.empty())
      memory_.give(std::exchange(numbers, {}));
    else
      keep(numbers);
  }
  for (auto* sum : {&sums_.constant, &sums_.low, &sums_.high, &sums_.error}) keep(*sum);
  std::vector<std::size_t> rows;
  for (const std::size_t b : kept) rows.push_back(rows_[b]);
  rows_ = std::move(rows);
  stride_ = stride;
}

bool WindowRows::run(const std::function<bool()>& ended) {
  bool is_first = true, is_complete = true;
  for (int k = plan_.layer - 1; k >= plan_.last && !rows_.empty(); --k) {
    const auto i = static_cast<std::size_t>(k);
    if (coefficients_[i + 1].empty()) continue;
    if (ended()) {
      is_complete = false;
      break;
    }
    const bool is_costly =
        std::any_of(plan_.steps[i].begin(), plan_.steps[i].end(),
                    [](const WindowStep& step) { return step.part.has_value(); });
    // What the rows read at first is what their intervals were made of.
    if (is_costly && !is_first && slopes_ == nullptr) {
      concretize();
      drop_decided();
      if (rows_.empty()) return true;
    }
    is_first = false;
    std::vector<double> p = std::exchange(coefficients_[i + 1], {});
    relax(k, p);
    auto step = plan_.steps[i].begin();
    for (const auto& [source, coefficients] : network_.form(k).terms)
      push(k, *step++, coefficients, p);
    memory_.give(std::move(p));
  }
  if (rows_.empty()) return true;
  concretize();
  if (slopes_ != nullptr) {
    slopes_->at_input.clear();
    if (is_complete) slopes_->at_input = coefficients_[0];
  }
  for (std::vector<double>& numbers : coefficients_) memory_.give(std::exchange(numbers, {}));
  return is_complete;
}

}  // namespace clipbound::bounds
