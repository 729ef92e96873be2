// Idea: queries: from VNN-LIB, or from arrays of boxes and rows.
// Source: own.
// Guarantees: those of the C++ interface; numbers are taken exactly.
// Legend: N inputs, M outputs, R rows of one clause.
#include <pybind11/stl.h>

#include "clipbound/clipbound.h"
#include "python/native/arrays.h"
#include "python/native/convert.h"
#include "python/native/module.h"

namespace clipbound::python {

namespace {

/// The clause of the points lower <= x <= upper with C y <= d (C [R, M]; < where `strict`).
void add_clause(Query& query, const Array& lower, const Array& upper, const Array& C,
                const Array& d, bool strict) {
  const std::size_t outputs = query.output_size(), count = static_cast<std::size_t>(d.size());
  if (static_cast<std::size_t>(C.size()) != count * outputs) {
    throw InputError("C has " + std::to_string(C.size()) + " numbers, but " +
                     std::to_string(count) + " rows over " + std::to_string(outputs) +
                     " outputs need " + std::to_string(count * outputs));
  }
  std::vector<Row> rows(count);
  for (std::size_t r = 0; r < count; ++r) {
    rows[r].threshold = d.data()[r];
    rows[r].strict = strict;
    for (std::size_t m = 0; m < outputs; ++m) {
      const double coefficient = C.data()[r * outputs + m];
      if (coefficient != 0.0) rows[r].terms.push_back({Term::Of::output, m, coefficient});
    }
  }
  query.add_clause(view(lower), view(upper), rows);
}

py::tuple box_of(const Query& query, std::size_t clause) {
  return py::make_tuple(array_of(query.box_lower(clause)), array_of(query.box_upper(clause)));
}

py::tuple join(const Query& query, const std::vector<std::pair<std::string, Network>>& networks) {
  std::vector<NamedNetwork> named;
  for (const auto& [name, network] : networks) named.push_back({name, network});
  Problem problem = Problem::join(query, named);
  return py::make_tuple(problem.network, problem.query);
}

}  // namespace

void bind_queries(py::module_& module) {
  py::class_<Query>(module, "Query")
      .def(py::init<std::size_t, std::size_t>(), py::arg("inputs"), py::arg("outputs"))
      .def_static("load", &Query::load, py::arg("path"), py::call_guard<py::gil_scoped_release>())
      .def_static(
          "parse",
          [](const std::string& text, const std::string& source) {
            return Query::parse(text, source);
          },
          py::arg("text"), py::arg("source"), py::call_guard<py::gil_scoped_release>())
      .def("add_clause", &add_clause, py::arg("lower"), py::arg("upper"), py::arg("C"),
           py::arg("d"), py::arg("strict") = false)
      .def("copy", [](const Query& query) { return Query(query); })
      .def("box", &box_of, py::arg("clause"))
      .def_property_readonly("input_size", &Query::input_size)
      .def_property_readonly("output_size", &Query::output_size)
      .def_property_readonly("clause_count", &Query::clause_count)
      .def_property_readonly("networks", &Query::networks)
      .def_property_readonly("warnings", [](const Query& query) { return query.warnings(); });
  module.def("join", &join, py::arg("query"), py::arg("networks"));
}

}  // namespace clipbound::python
