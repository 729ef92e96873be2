// Idea: solve() for Python: the work in a thread of its own, its answer as one object.
// Source: own.
// Guarantees: those of the C++ interface; an interrupted run keeps its result.
#include <pybind11/stl.h>

#include "clipbound/clipbound.h"
#include "python/native/arrays.h"
#include "python/native/convert.h"
#include "python/native/module.h"
#include "python/native/waiting.h"

namespace clipbound::python {

namespace {

/// (result, None), or (result, exception) where the run was interrupted by one.
py::tuple run(const Network& network, const Query& query, const py::dict& values,
              py::object on_progress, py::object on_log, bool only_attack,
              const std::optional<Trace>& trace) {
  const auto start = std::chrono::steady_clock::now();
  const Options options = options_of(values);
  const Stopper stopper;
  Mailbox mailbox(std::move(on_progress), std::move(on_log));
  Callbacks callbacks = mailbox.callbacks(stopper);
  callbacks.start = start;
  callbacks.trace = trace;
  Result result;
  const py::object interrupt = run_interruptibly(stopper, mailbox, [&] {
    result = only_attack ? attack(network, query, options, callbacks)
                         : solve(network, query, options, callbacks);
  });
  return py::make_tuple(std::move(result), interrupt);
}

py::object violated_of(const Result& result) {
  if (!result.violated) return py::none();
  py::dict dict;
  dict["clause"] = result.violated->clause;
  dict["line"] = result.violated->line;
  dict["rows"] = result.violated->rows;
  return dict;
}

}  // namespace

void bind_solving(py::module_& module) {
  py::class_<Trace>(module, "Trace")
      .def(py::init<>())
      .def("text", [](const Trace& trace, const Result& result, const py::dict& values,
                      const std::string& command) {
        return to_trace(trace, result, options_of(values), command);
      });
  py::class_<Result>(module, "Result")
      .def_property_readonly("verdict",
                             [](const Result& result) { return name_of(result.verdict); })
      .def_readonly("reason", &Result::reason)
      .def_property_readonly("input", [](const Result& result) { return array_of(result.input); })
      .def_property_readonly("output", [](const Result& result) { return array_of(result.output); })
      .def_property_readonly("violated", &violated_of)
      .def_readonly("float64", &Result::float64)
      .def_property_readonly("progress",
                             [](const Result& result) { return dict_of(result.progress); })
      .def_property_readonly("statistics",
                             [](const Result& result) { return dict_of(result.statistics); })
      .def("to_vnncomp",
           [](const Result& result, const Query& query) { return to_vnncomp(result, query); })
      .def("to_json", [](const Result& result, const py::dict& values) {
        return to_json(result, options_of(values));
      });
  module.def("solve", &run, py::arg("network"), py::arg("query"), py::arg("options"),
             py::arg("on_progress"), py::arg("on_log"), py::arg("only_attack"),
             py::arg("trace") = std::nullopt);
}

}  // namespace clipbound::python
