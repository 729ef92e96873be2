#pragma once
// Idea: the library's results as dictionaries, lists and arrays; options from keywords.
// Source: own.
// Guarantees: none of its own.
#include <pybind11/pybind11.h>

#include <string>
#include <vector>

#include "clipbound/clipbound.h"

namespace clipbound::python {

namespace py = pybind11;

py::dict dict_of(const FileInfo& file);
py::dict dict_of(const Progress& progress);
/// {name: value}.
py::dict dict_of(const std::vector<Statistic>& statistics);
py::dict dict_of(const TensorInfo& tensor);
/// Options by their names or flags, "-" written as "_"; None leaves the default.
Options options_of(const py::dict& values);

}  // namespace clipbound::python
