// Idea: the module clipbound._native: the C++ interface, as thin as it can be. What is pleasant to
// use is written in Python on top of it (python/clipbound).
// Source: pybind11.
// Guarantees: the library's three errors are three Python exceptions.
#include "python/native/module.h"

#include <pybind11/stl.h>

#include "clipbound/clipbound.h"
#include "python/native/convert.h"

namespace clipbound::python {

namespace {

void bind_errors(py::module_& module) {
  py::register_exception<InputError>(module, "InputError", PyExc_ValueError).attr("__doc__") =
      "What was given cannot be read or does not fit; the message says where.";
  py::register_exception<Unsupported>(module, "Unsupported", PyExc_NotImplementedError)
      .attr("__doc__") = "Well formed, but not supported; the message names node and operator.";
  py::register_exception<ContractError>(module, "ContractError", PyExc_AssertionError)
      .attr("__doc__") = "An internal check failed: a bug of Clipbound, never a verdict.";
}

}  // namespace

void bind_about(py::module_& module) {
  module.def("version", &version);
  module.def("commit", &commit);
  module.def("compiler", &compiler);
  module.def("missing_cpu_feature", &missing_cpu_feature);
  module.def("supported_onnx_operators", &supported_onnx_operators);
  module.def("supported_onnx_opsets", &supported_onnx_opsets);
  module.def("supported_vnnlib_versions", &supported_vnnlib_versions);
  module.def("options", [] {
    py::list rows;
    for (const OptionDescription& option : Options::list()) {
      py::dict row;
      row["name"] = option.name;
      row["flag"] = option.flag;
      row["default"] = option.value;
      row["range"] = option.range;
      row["help"] = option.help;
      rows.append(row);
    }
    return rows;
  });
}

}  // namespace clipbound::python

PYBIND11_MODULE(_native, module) {
  namespace python = clipbound::python;
  module.doc() = "The C++ interface of Clipbound; use the package clipbound.";
  python::bind_errors(module);
  python::bind_about(module);
  python::bind_networks(module);
  python::bind_queries(module);
  python::bind_solving(module);
  python::bind_bounds(module);
  python::bind_incremental(module);
  python::bind_ranges(module);
}
