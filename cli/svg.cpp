#include "cli/svg.h"

#include <cmath>
#include <cstdio>
#include <vector>

namespace clipbound::cli {

namespace {

constexpr char kStyle[] =
    "<style>svg{background:#fff;color:#1f2328}.proved{fill:#9ec5e8}.attained{fill:#2f6fab}"
    ".dot{fill:#b2182b}.cloud{fill:#2f6fab;fill-opacity:.45}.frame{fill:none;stroke:currentColor}"
    ".line{stroke:currentColor;stroke-width:.6}text{font:13px sans-serif;fill:currentColor}"
    "@media(prefers-color-scheme:dark){svg{background:#14171b;color:#d8dee6}.proved{fill:#2b4a68}"
    ".attained{fill:#6fb1ee}.cloud{fill:#8fc3f4}.dot{fill:#ff7b72}}</style>\n";

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", value);
  return text;
}

std::string attribute(const char* name, double value) {
  return std::string(" ") + name + "='" + number(value) + "'";
}

std::string escaped(const std::string& text) {
  std::string safe;
  for (const char c : text) safe += c == '<' ? "&lt;" : c == '&' ? "&amp;" : std::string(1, c);
  return safe;
}

/// Round numbers in the interval, four to ten of them.
std::vector<double> marks_of(Interval interval) {
  const double width = interval[1] - interval[0];
  double step = std::pow(10.0, std::floor(std::log10(width)));
  for (const double finer : {0.5, 0.4, 0.5}) {  // 5, 2, 1 of the decade below
    if (width / step >= 4.0) break;
    step *= finer;
  }
  std::vector<double> marks;
  for (double at = std::ceil(interval[0] / step); at <= interval[1] / step && marks.size() < 20;
       ++at)
    marks.push_back(at * step);
  return marks;
}

Interval widened(Interval interval) {
  if (interval[1] > interval[0]) return interval;
  const double more = std::fmax(1e-6, 0.05 * std::fabs(interval[0]));
  return {interval[0] - more, interval[1] + more};
}

std::string mark_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4g", value);
  return text;
}

}  // namespace

Svg::Svg(int width, int height) : width_(width), height_(height) {}

void Svg::rectangle(double x, double y, double width, double height, const std::string& style) {
  shapes_ += "<rect" + attribute("x", x) + attribute("y", y) + attribute("width", width) +
             attribute("height", height) + " " + style + "/>\n";
}

void Svg::line(double x1, double y1, double x2, double y2, const std::string& style) {
  shapes_ += "<line" + attribute("x1", x1) + attribute("y1", y1) + attribute("x2", x2) +
             attribute("y2", y2) + " " + style + "/>\n";
}

void Svg::circle(double x, double y, double radius, const std::string& style) {
  shapes_ += "<circle" + attribute("cx", x) + attribute("cy", y) + attribute("r", radius) + " " +
             style + "/>\n";
}

void Svg::polygon(std::span<const std::array<double, 2>> corners, const std::string& style) {
  shapes_ += "<polygon points='";
  for (const auto& corner : corners) shapes_ += number(corner[0]) + "," + number(corner[1]) + " ";
  shapes_ += "' " + style + "/>\n";
}

void Svg::text_at(double x, double y, const std::string& anchor, const std::string& text) {
  shapes_ += "<text" + attribute("x", x) + attribute("y", y) + " text-anchor='" + anchor + "'>" +
             escaped(text) + "</text>\n";
}

std::string Svg::text() const {
  const std::string width = std::to_string(width_), height = std::to_string(height_);
  return "<svg xmlns='http://www.w3.org/2000/svg' width='" + width + "' height='" + height +
         "' viewBox='0 0 " + width + " " + height + "'>\n" + kStyle + shapes_ + "</svg>\n";
}

Axes::Axes(Svg& svg, std::array<double, 4> place, Interval across, Interval up,
           const std::string& across_name, const std::string& up_name)
    : place_(place), across_(widened(across)), up_(widened(up)) {
  svg.rectangle(place[0], place[1], place[2], place[3], "class='frame'");
  const double bottom = place[1] + place[3];
  for (const double mark : marks_of(across_)) {
    svg.line(x(mark), bottom, x(mark), bottom + 5, "class='line'");
    svg.text_at(x(mark), bottom + 18, "middle", mark_text(mark));
  }
  for (const double mark : marks_of(up_)) {
    svg.line(place[0] - 5, y(mark), place[0], y(mark), "class='line'");
    svg.text_at(place[0] - 8, y(mark) + 4, "end", mark_text(mark));
  }
  svg.text_at(place[0] + 0.5 * place[2], bottom + 36, "middle", across_name);
  svg.text_at(place[0], place[1] - 6, "start", up_name);
}

double Axes::x(double value) const {
  return place_[0] + place_[2] * (value - across_[0]) / (across_[1] - across_[0]);
}

double Axes::y(double value) const {
  return place_[1] + place_[3] * (up_[1] - value) / (up_[1] - up_[0]);
}

}  // namespace clipbound::cli
