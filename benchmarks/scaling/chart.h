#pragma once
// Idea: curves of efficiency over ranks as a picture, and as lines of a table between.
// Source: own.
// Guarantees: what is read is what was written.
#include <string>
#include <vector>

namespace clipbound::scaling {

struct Point {
  double ranks = 1.0, efficiency = 1.0;
};
struct Curve {
  std::string name;
  std::vector<Point> points;
};

/// An SVG: ranks by powers of two to the right, efficiency from 0 to 100 % upwards.
std::string draw(const std::vector<Curve>& curves);

/// Curves of lines "name,ranks,efficiency,...", in the order in which names come first; a line that
/// begins with "name," is a head. Throws InputError, with the line's number, for anything else.
std::vector<Curve> read_curves(const std::string& text, const std::string& file);

}  // namespace clipbound::scaling
