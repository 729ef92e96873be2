#pragma once
// A suite in the layout of VNN-COMP: a folder with instances.csv, each of its lines `onnx,vnnlib,timeout`.
#include <string>
#include <vector>

namespace clipbound::cli {

/// One line of instances.csv.
struct Instance {
  std::string onnx, vnnlib;  ///< as the suite calls them, without a leading "./"
  double timeout_s = 0.0;
  int line = 0;                        ///< of instances.csv
  std::string onnx_path, vnnlib_path;  ///< files that exist
  std::string name() const { return onnx + " " + vnnlib; }
};

/// Which instances of a suite are wanted: those that match, of these every stride-th, of these the first ones.
struct Selection {
  std::string filter;  ///< ECMAScript regular expression, looked for in "onnx,vnnlib,timeout"; empty matches all
  int stride = 1;      ///< >= 1
  int limit = 0;       ///< 0: no limit
};

/// The selected instances of the suite in `folder`, their files found: below the folder, with or without .gz. Lines may
/// end in CRLF, timeouts may be fractional, names may begin with "./"; empty lines and lines with # are skipped.
/// Throws InputError, naming file and line, for what cannot be read, for files that are missing and where nothing is
/// selected.
std::vector<Instance> read_suite(const std::string& folder, const Selection& selection);

/// Throws InputError where `filter` is no regular expression.
void check_filter(const std::string& filter);

}  // namespace clipbound::cli
