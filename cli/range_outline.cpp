#include "cli/range_outline.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "cli/svg.h"

namespace clipbound::cli {

namespace {

constexpr std::size_t kSamples = 2000;

std::string corner_text(const std::array<double, 2>& corner, char between) {
  char text[80];
  std::snprintf(text, sizeof text, "%.17g%c%.17g\n", corner[0], between, corner[1]);
  return text;
}

/// Outputs at random points, the same ones every time.
std::vector<std::array<double, 2>> samples_of(const Network& network, std::span<const double> lower,
                                              std::span<const double> upper, std::size_t first,
                                              std::size_t second) {
  std::uint64_t state = 1;
  std::vector<double> x(lower.size());
  std::vector<std::array<double, 2>> samples;
  for (std::size_t k = 0; k < kSamples; ++k) {
    for (std::size_t i = 0; i < x.size(); ++i) {
      state = state * 6364136223846793005u + 1442695040888963407u;
      const double share = static_cast<double>(state >> 11) * 0x1p-53;
      x[i] = std::clamp(lower[i] + share * (upper[i] - lower[i]), lower[i], upper[i]);
    }
    const std::vector<double> y = network.evaluate(x);
    samples.push_back({y[first], y[second]});
  }
  return samples;
}

}  // namespace

void print_outline(const Outline& outline) {
  for (const auto& corner : outline.corners) std::fputs(corner_text(corner, ' ').c_str(), stdout);
  std::fprintf(stderr, "clipbound: %s after %d queries\n", outline.reason.c_str(), outline.queries);
}

std::string outline_csv(const Outline& outline) {
  std::string csv = "first,second\n";
  for (const auto& corner : outline.corners) csv += corner_text(corner, ',');
  return csv;
}

std::string outline_picture(const Outline& outline, const Network& network,
                            std::span<const double> lower, std::span<const double> upper,
                            std::size_t first, std::size_t second) {
  Interval across{1e300, -1e300}, up{1e300, -1e300};
  for (const auto& corner : outline.corners) {
    across = {std::min(across[0], corner[0]), std::max(across[1], corner[0])};
    up = {std::min(up[0], corner[1]), std::max(up[1], corner[1])};
  }
  Svg svg(640, 560);
  const Axes axes(svg, {70, 30, 540, 470}, across, up, "Y_" + std::to_string(first),
                  "Y_" + std::to_string(second));
  std::vector<std::array<double, 2>> corners;
  for (const auto& corner : outline.corners)
    corners.push_back({axes.x(corner[0]), axes.y(corner[1])});
  svg.polygon(corners, "class='proved'");
  for (const auto& y : samples_of(network, lower, upper, first, second))
    svg.circle(axes.x(y[0]), axes.y(y[1]), 1.2, "class='cloud'");
  for (const Outline::Direction& direction : outline.directions) {
    if (direction.end.point.empty()) continue;
    svg.circle(axes.x(direction.attained[0]), axes.y(direction.attained[1]), 3, "class='dot'");
  }
  return svg.text();
}

}  // namespace clipbound::cli
