#pragma once
// Idea: a file of `verify --trace`, read and checked line by line.
// Source: own; docs/trace.md.
// Guarantees: what it returns is whole: every parent comes before its children and is split, no half
// is there twice, numbers refer to what exists. Throws InputError with file and line otherwise.
#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace clipbound::suite {

/// A recorded subproblem; docs/trace.md says what each member is.
struct TraceFileNode {
  enum class Split : std::uint8_t { nothing, input, neuron, value };
  std::uint32_t parent = 0;  ///< 0: the root of a tree
  bool upper = false;
  std::uint32_t depth = 0, search = 0, clause = 0, thread = 0;  ///< clause: in the search
  double begin_s = 0.0, end_s = 0.0;
  double bound = std::numeric_limits<double>::quiet_NaN();
  double kept = 1.0;
  char end = 'o';  ///< open, split, refuted, clipped, given up: the first letter
  Split split = Split::nothing;
  std::int64_t layer = -1, index = -1;
  double at = 0.0;
  std::vector<std::uint64_t> below;  ///< splits, refuted, clipped, given up, deepest; or empty
};

struct TraceFileBox {
  std::vector<double> lower, upper;
  std::vector<std::uint64_t> clauses;
};

struct TraceFileSearch {
  std::string kind;
  std::vector<std::uint64_t> clauses;  ///< the query's numbers
};

struct TraceFile {
  std::string version, command;
  nlohmann::ordered_json shapes = nlohmann::ordered_json::array();
  std::vector<TraceFileBox> boxes;
  nlohmann::ordered_json course = nlohmann::ordered_json::array();  ///< points of progress
  nlohmann::ordered_json layers = nlohmann::ordered_json::array();
  std::vector<TraceFileSearch> searches;
  std::vector<TraceFileNode> nodes;  ///< number 1 first
  nlohmann::ordered_json result;
};

/// The text of a trace; `name` is the file's, for messages.
TraceFile parse_trace(std::string_view text, const std::string& name);
/// The same of a file, packed or not. Throws InputError where it cannot be read.
TraceFile read_trace(const std::string& path);

}  // namespace clipbound::suite
