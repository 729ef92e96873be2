// Idea: Solver and robustness() for Python.
// Source: own.
// Guarantees: those of the C++ interface; an interrupted run keeps what it had found.
#include <pybind11/stl.h>

#include "clipbound/clipbound.h"
#include "python/native/arrays.h"
#include "python/native/convert.h"
#include "python/native/module.h"
#include "python/native/waiting.h"

namespace clipbound::python {

namespace {

/// (terms, threshold, strict), a term being (of an output?, index, coefficient).
using PlainTerm = std::tuple<bool, std::size_t, double>;
using PlainRow = std::tuple<std::vector<PlainTerm>, double, bool>;

Rows rows_of(const std::vector<PlainRow>& plain) {
  Rows rows;
  for (const auto& [terms, threshold, strict] : plain) {
    Row row;
    for (const auto& [of_output, index, coefficient] : terms)
      row.terms.push_back({of_output ? Term::Of::output : Term::Of::input, index, coefficient});
    row.threshold = threshold;
    row.strict = strict;
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<double> vector_of(const Array& array) {
  return {array.data(), array.data() + array.size()};
}

Solver make_solver(const Network& network, const Array& lower, const Array& upper,
                   const py::dict& values) {
  return {network, vector_of(lower), vector_of(upper), options_of(values)};
}

void add_any(Solver& solver, const std::vector<std::vector<PlainRow>>& alternatives) {
  std::vector<Rows> all;
  for (const std::vector<PlainRow>& rows : alternatives) all.push_back(rows_of(rows));
  solver.add_any(all);
}

/// (result, None) or (result, exception), as of solve().
py::tuple run_solver(Solver& solver, const std::vector<PlainRow>& assumptions,
                     py::object on_progress, py::object on_log) {
  const Stopper stopper;
  Mailbox mailbox(std::move(on_progress), std::move(on_log));
  const Callbacks callbacks = mailbox.callbacks(stopper);
  const Rows rows = rows_of(assumptions);
  Result result;
  const py::object interrupt =
      run_interruptibly(stopper, mailbox, [&] { result = solver.solve(rows, callbacks); });
  return py::make_tuple(std::move(result), interrupt);
}

py::tuple run_robustness(const Network& network, const Array& x, std::size_t label,
                         const py::dict& how, const py::dict& values) {
  RobustnessSettings settings;
  const auto take = [&](const char* name, auto& member) {
    if (how.contains(name) && !how[name].is_none())
      member = how[name].cast<std::decay_t<decltype(member)>>();
  };
  take("radius_max", settings.radius_max);
  take("tolerance", settings.tolerance);
  take("time_limit_s", settings.time_limit_s);
  take("step_limit_s", settings.step_limit_s);
  take("lowest", settings.lowest);
  take("highest", settings.highest);
  const Options options = options_of(values);
  const Stopper stopper;
  Mailbox nobody{py::none(), py::none()};
  const Callbacks callbacks = nobody.callbacks(stopper);
  Robustness found;
  const py::object interrupt = run_interruptibly(stopper, nobody, [&] {
    found = robustness(network, view(x), label, settings, options, callbacks);
  });
  py::dict dict;
  dict["radius"] = found.robust_radius;
  dict["counterexample_radius"] = found.counterexample_radius;
  dict["counterexample_label"] = found.counterexample_label;
  dict["queries"] = found.queries;
  dict["reason"] = found.reason;
  dict["counterexample"] = array_of(std::move(found.counterexample));
  return py::make_tuple(dict, interrupt);
}

}  // namespace

void bind_incremental(py::module_& module) {
  py::class_<Solver>(module, "Solver")
      .def(py::init(&make_solver), py::arg("network"), py::arg("lower"), py::arg("upper"),
           py::arg("options"))
      .def("add_any", &add_any, py::arg("alternatives"))
      .def("set_options",
           [](Solver& solver, const py::dict& values) { solver.set_options(options_of(values)); })
      .def("push", &Solver::push)
      .def("pop", &Solver::pop, py::arg("levels"))
      .def_property_readonly("levels", &Solver::levels)
      .def_property_readonly("constraint_count", &Solver::constraint_count)
      .def_property_readonly("used", &Solver::used)
      .def("solve", &run_solver, py::arg("assumptions"), py::arg("on_progress"), py::arg("on_log"));
  module.def("robustness", &run_robustness, py::arg("network"), py::arg("x"), py::arg("label"),
             py::arg("settings"), py::arg("options"));
}

}  // namespace clipbound::python
