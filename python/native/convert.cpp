#include "python/native/convert.h"

#include <pybind11/stl.h>

#include <algorithm>

namespace clipbound::python {

namespace {

py::dict dict_of(const WeakestRow& row) {
  py::dict dict;
  dict["clause"] = row.clause;
  dict["line"] = row.line;
  dict["row"] = row.row;
  dict["bound"] = row.bound;
  dict["text"] = row.text;
  return dict;
}

/// True for an option of this name or flag, underscores for dashes.
bool is_called(const OptionDescription& option, const std::string& name) {
  std::string flag = option.flag;
  std::replace(flag.begin(), flag.end(), '-', '_');
  return name == option.name || name == option.flag || name == flag;
}

std::string text_of(const py::handle& value) {
  if (py::isinstance<py::bool_>(value)) return value.cast<bool>() ? "true" : "false";
  return py::str(value);
}

}  // namespace

py::dict dict_of(const FileInfo& file) {
  py::dict dict;
  dict["path"] = file.path;
  dict["bytes"] = file.bytes;
  dict["sha256"] = file.sha256;
  py::list data;
  for (const FileInfo& part : file.data) data.append(dict_of(part));
  dict["data"] = data;
  return dict;
}

py::dict dict_of(const std::vector<Statistic>& statistics) {
  py::dict dict;
  for (const Statistic& statistic : statistics) {
    if (statistic.timer) {
      dict[statistic.name.c_str()] = statistic.value;
    } else {
      dict[statistic.name.c_str()] = static_cast<std::int64_t>(statistic.value);
    }
  }
  return dict;
}

py::dict dict_of(const Progress& progress) {
  py::dict dict;
  dict["elapsed_s"] = progress.elapsed_s;
  dict["stage"] = name_of(progress.stage);
  dict["clauses"] = progress.clauses;
  dict["bounded"] = progress.bounded;
  dict["refuted"] = progress.refuted;
  dict["subproblems"] = progress.subproblems;
  dict["open"] = progress.open;
  dict["worst_bound"] = progress.worst_bound;
  dict["weakest"] =
      progress.weakest ? py::object(dict_of(*progress.weakest)) : py::object(py::none());
  dict["settled_share"] = progress.settled_share;
  return dict;
}

py::dict dict_of(const TensorInfo& tensor) {
  py::dict dict;
  dict["name"] = tensor.name;
  dict["type"] = tensor.type;
  dict["shape"] = py::tuple(py::cast(tensor.shape));
  return dict;
}

Options options_of(const py::dict& values) {
  Options options;
  const std::vector<OptionDescription> known = Options::list();
  for (const auto& [key, value] : values) {
    if (value.is_none()) continue;
    const std::string name = py::str(key);
    const auto option = std::find_if(known.begin(), known.end(), [&](const auto& candidate) {
      return is_called(candidate, name);
    });
    options.set(option == known.end() ? name : option->name, text_of(value));
  }
  return options;
}

}  // namespace clipbound::python
