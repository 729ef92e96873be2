#pragma once
// Idea: what is known of many points, one line of CSV each, written as it is found; what is in the
// file already is not asked again.
// Source: own.
// Guarantees: a line is there whole or is done again; lines of other settings are never taken for
// these.
#include <cstddef>
#include <map>
#include <string>

#include "clipbound/robustness.h"

namespace clipbound::cli {

/// One point's line.
struct TableRow {
  std::string name = {};
  std::string point = {};  ///< what its numbers are: the first digits of their SHA-256
  std::size_t label = 0, predicted = 0;
  std::string answer = {};       ///< robust, not robust, unknown; of radii: radius
  double robust = 0.0;           ///< the radius up to which it is proved; 0: nothing
  double counterexample = -1.0;  ///< the smallest distance of one that is known; negative: none
  double seconds = 0.0;
};

class RobustnessTable {
 public:
  /// Reads what the file has; `about` says in one line what its lines are about (network,
  /// settings). No path: nothing is kept. Throws InputError where the file is another one.
  RobustnessTable(std::string path, std::string about);
  /// The line of point k, nullptr where there is none. Throws InputError where the line is about
  /// another point or label.
  const TableRow* find(std::size_t k, const std::string& name, const std::string& point,
                       std::size_t label) const;
  /// Appends a line. Throws InputError where it cannot be written.
  void add(std::size_t k, const TableRow& row);
  /// The lines of the first so many points.
  std::map<std::size_t, TableRow> rows_below(std::size_t points) const {
    return {rows_.begin(), rows_.lower_bound(points)};
  }

 private:
  void read(const std::string& text, const std::string& head);
  const std::string path_;
  std::map<std::size_t, TableRow> rows_;
};

}  // namespace clipbound::cli
