#pragma once
// Idea: a suite in the layout of VNN-COMP, of any of its years: a folder with instances.csv, each
// of its lines `onnx,vnnlib,timeout`.
// Source: VNN-COMP 2021 to 2025.
// Guarantees: a file that is not there is named, not skipped.
#include <string>
#include <vector>

namespace clipbound::suite {

/// A network of an instance. Queries about several networks name them; those about one do not.
struct NetworkFile {
  std::string name;  ///< "f"; empty where the query does not name it
  std::string path;  ///< a file that exists, or what was looked for
};

/// One line of instances.csv.
struct Instance {
  std::string onnx, vnnlib;  ///< as the suite calls them, without a leading "./"
  double timeout_s = 0.0;
  int line = 0;                       ///< of instances.csv
  std::vector<NetworkFile> networks;  ///< never empty
  std::string vnnlib_path;            ///< like NetworkFile::path
  std::string missing;                ///< says which file is not there; empty where all are
  std::string name() const { return onnx + " " + vnnlib; }
};

/// Which instances of a suite are wanted: those that match, of these every stride-th, of these the
/// first ones.
struct Selection {
  std::string filter;  ///< ECMAScript regular expression, looked for in "onnx,vnnlib,timeout";
                       ///< empty matches all
  int stride = 1;      ///< >= 1
  int limit = 0;       ///< 0: no limit
};

/// What to do with an instance whose file is not there: refuse the suite, or keep it and say so in
/// Instance::missing.
enum class Missing { refuse, keep };

/// The selected instances of the suite in `folder`, their files found: below the folder, with or
/// without .gz. Lines may end in CRLF, timeouts may be fractional, names may begin with "./"; empty
/// lines and lines with # are skipped; two networks are written "[('f', 'a.onnx'), ('g',
/// 'b.onnx')]". Throws InputError, naming file and line, for what cannot be read, for files that
/// are missing, and (Missing::refuse alone) where nothing is selected.
std::vector<Instance> read_suite(const std::string& folder, const Selection& selection,
                                 Missing missing = Missing::refuse);

/// The folder's list of instances: instances.csv or, as in 2021, the only file whose name ends in
/// instances.csv or instance.csv. Empty where there is none.
std::string list_of(const std::string& folder);

/// Throws InputError where `filter` is no regular expression.
void check_filter(const std::string& filter);

}  // namespace clipbound::suite
