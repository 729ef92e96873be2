#pragma once
// Idea: the module's parts, each of which binds some of the C++ interface.
// Source: own.
// Guarantees: none of its own.
#include <pybind11/pybind11.h>

namespace clipbound::python {

void bind_networks(pybind11::module_& module);     ///< Network, unsupported_nodes()
void bind_queries(pybind11::module_& module);      ///< Query, join()
void bind_solving(pybind11::module_& module);      ///< solve(), Result
void bind_bounds(pybind11::module_& module);       ///< Bounder, bounds()
void bind_ranges(pybind11::module_& module);       ///< range_of()
void bind_incremental(pybind11::module_& module);  ///< Solver, robustness()
void bind_about(pybind11::module_& module);        ///< versions, options, lists

}  // namespace clipbound::python
