#pragma once
// Idea: pictures as SVG that show themselves in any browser, light or dark.
// Source: W3C, Scalable Vector Graphics 1.1.
// Guarantees: one file that loads nothing; text is escaped.
#include <array>
#include <cstddef>
#include <span>
#include <string>

namespace clipbound::cli {

/// Shapes in the order in which they are drawn. Coordinates are pixels, y downward. Classes of its
/// own style: proved (an area), attained (one inside it), dot, line, frame.
class Svg {
 public:
  Svg(int width, int height);
  void rectangle(double x, double y, double width, double height, const std::string& style);
  void line(double x1, double y1, double x2, double y2, const std::string& style);
  void circle(double x, double y, double radius, const std::string& style);
  /// Corners x, y.
  void polygon(std::span<const std::array<double, 2>> corners, const std::string& style);
  /// anchor: start, middle, end.
  void text_at(double x, double y, const std::string& anchor, const std::string& text);
  std::string text() const;

 private:
  int width_, height_;
  std::string shapes_;
};

/// From, to.
using Interval = std::array<double, 2>;

/// A frame with marks at round numbers, and where numbers are in it.
class Axes {
 public:
  /// `place`: left, top, width, height in pixels. Intervals of no width are widened.
  Axes(Svg& svg, std::array<double, 4> place, Interval across, Interval up,
       const std::string& across_name, const std::string& up_name);
  double x(double value) const;
  double y(double value) const;

 private:
  std::array<double, 4> place_;
  Interval across_, up_;
};

}  // namespace clipbound::cli
