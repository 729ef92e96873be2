#include "benchmarks/scaling/chart.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <sstream>

#include "base/error.h"

namespace clipbound::scaling {
namespace {

constexpr double kWidth = 720.0, kHeight = 400.0, kLeft = 60.0, kRight = 230.0, kTop = 20.0,
                 kBottom = 50.0;
// Told apart by people who see few colours, too (Okabe, Ito 2008).
constexpr std::array<const char*, 7> kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                                 "#e69f00", "#56b4e9", "#000000"};

double x_of(double ranks, double most) {
  const double share = most > 1.0 ? std::log2(ranks) / std::log2(most) : 0.0;
  return kLeft + share * (kWidth - kLeft - kRight);
}

double y_of(double efficiency) {
  return kHeight - kBottom - efficiency * (kHeight - kTop - kBottom);
}

std::string text_at(double x, double y, const std::string& anchor, const std::string& words) {
  char head[160];
  std::snprintf(head, sizeof head, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y,
                anchor.c_str());
  return head + words + "</text>\n";
}

std::string line(double x1, double y1, double x2, double y2, const std::string& colour) {
  char text[200];
  std::snprintf(text, sizeof text,
                "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n", x1, y1,
                x2, y2, colour.c_str());
  return text;
}

std::string axes(double most) {
  std::string text;
  for (int percent = 0; percent <= 100; percent += 20) {
    const double y = y_of(percent / 100.0);
    text += line(kLeft, y, kWidth - kRight, y, "#dddddd");
    text += text_at(kLeft - 6.0, y + 4.0, "end", std::to_string(percent) + " %");
  }
  for (long ranks = 1; static_cast<double>(ranks) <= most; ranks *= 4) {
    const double x = x_of(static_cast<double>(ranks), most);
    text += line(x, y_of(0.0), x, y_of(0.0) + 4.0, "#555555");
    text += text_at(x, y_of(0.0) + 18.0, "middle", std::to_string(ranks));
  }
  text += text_at((kLeft + kWidth - kRight) / 2.0, kHeight - 10.0, "middle", "ranks");
  return text;
}

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : text) result += c == '&' ? "&amp;" : c == '<' ? "&lt;" : std::string(1, c);
  return result;
}

std::string curve(const Curve& of, std::size_t number, double most) {
  const std::string colour = kColours.at(number % kColours.size());
  std::string text =
      "<polyline fill=\"none\" stroke-width=\"2\" stroke=\"" + colour + "\" points=\"";
  for (const Point& point : of.points) {
    char at[60];
    std::snprintf(at, sizeof at, "%.1f,%.1f ", x_of(point.ranks, most), y_of(point.efficiency));
    text += at;
  }
  text += "\"/>\n";
  const double y = kTop + 20.0 * static_cast<double>(number) + 10.0, x = kWidth - kRight + 12.0;
  text += line(x, y, x + 20.0, y, colour);
  return text + text_at(x + 26.0, y + 4.0, "start", escaped(of.name));
}

}  // namespace

std::string draw(const std::vector<Curve>& curves) {
  double most = 1.0;
  for (const Curve& of : curves) {
    for (const Point& point : of.points) most = std::max(most, point.ranks);
  }
  char head[240];
  std::snprintf(head, sizeof head,
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" "
                "font-family=\"sans-serif\" font-size=\"12\" fill=\"#222222\">\n",
                kWidth, kHeight);
  std::string text = head;
  text += "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n" + axes(most);
  for (std::size_t k = 0; k < curves.size(); ++k) text += curve(curves[k], k, most);
  return text + "</svg>\n";
}

std::vector<Curve> read_curves(const std::string& text, const std::string& file) {
  std::vector<Curve> curves;
  std::istringstream lines(text);
  std::string words;
  for (int number = 1; std::getline(lines, words); ++number) {
    if (words.empty() || words.starts_with("name,")) continue;
    const std::size_t comma = words.find(',');
    Point point;
    if (comma == std::string::npos ||
        std::sscanf(words.c_str() + comma, ",%lf,%lf", &point.ranks, &point.efficiency) != 2 ||
        !(point.ranks >= 1.0) || !std::isfinite(point.efficiency))
      throw InputError(file + ", line " + std::to_string(number) + ": not name,ranks,efficiency");
    const std::string name = words.substr(0, comma);
    auto of = std::find_if(curves.begin(), curves.end(),
                           [&](const Curve& known) { return known.name == name; });
    if (of == curves.end()) of = curves.insert(curves.end(), Curve{name, {}});
    of->points.push_back(point);
  }
  return curves;
}

}  // namespace clipbound::scaling
