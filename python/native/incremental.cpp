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

/// Constraints, each of which is alternatives, each of which is rows.
using PlainConstraints = std::vector<std::vector<std::vector<PlainRow>>>;

/// A solver, and whether a call of it runs: with the interpreter's lock held, so that nothing comes
/// between the parts of a call.
class Session {
 public:
  Session(const Network& network, const Array& lower, const Array& upper, const py::dict& values)
      : solver_(network, vector_of(lower), vector_of(upper), options_of(values)) {}

  /// Throws InputError while a call runs.
  Solver& solver() {
    if (busy_)
      throw InputError("the solver is in use: by another thread, or by the call of this callback");
    return solver_;
  }

  /// All constraints, or none where one throws.
  void add_all(const PlainConstraints& constraints) {
    solver().push();
    try {
      add(constraints);
    } catch (...) {
      solver_.pop();
      throw;
    }
    solver_.pop();
    add(constraints);
  }

  /// (result, None) or (result, exception), as of solve().
  py::tuple solve(const PlainConstraints& assumptions, py::object on_progress, py::object on_log) {
    const Stopper stopper;
    Mailbox mailbox(std::move(on_progress), std::move(on_log));
    const Callbacks callbacks = mailbox.callbacks(stopper);
    Result result;
    solver().push();
    const Busy busy(*this);
    add(assumptions);
    const py::object interrupt =
        run_interruptibly(stopper, mailbox, [&] { result = solver_.solve({}, callbacks); });
    return py::make_tuple(std::move(result), interrupt);
  }

 private:
  /// From here on a call runs; in the end its level goes.
  class Busy {
   public:
    explicit Busy(Session& session) : session_(session) { session_.busy_ = true; }
    ~Busy() {
      session_.solver_.pop();
      session_.busy_ = false;
    }
    Busy(const Busy&) = delete;
    Busy& operator=(const Busy&) = delete;

   private:
    Session& session_;
  };

  void add(const PlainConstraints& constraints) {
    for (const std::vector<std::vector<PlainRow>>& alternatives : constraints) {
      std::vector<Rows> all;
      for (const std::vector<PlainRow>& rows : alternatives) all.push_back(rows_of(rows));
      solver_.add_any(all);
    }
  }

  Solver solver_;
  bool busy_ = false;
};

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
  py::class_<Session>(module, "Solver")
      .def(py::init<const Network&, const Array&, const Array&, const py::dict&>(),
           py::arg("network"), py::arg("lower"), py::arg("upper"), py::arg("options"))
      .def("add_all", &Session::add_all, py::arg("constraints"))
      .def("set_options",
           [](Session& self, const py::dict& values) {
             self.solver().set_options(options_of(values));
           })
      .def("push", [](Session& self) { self.solver().push(); })
      .def(
          "pop", [](Session& self, std::size_t levels) { self.solver().pop(levels); },
          py::arg("levels"))
      .def_property_readonly("levels", [](Session& self) { return self.solver().levels(); })
      .def_property_readonly("constraint_count",
                             [](Session& self) { return self.solver().constraint_count(); })
      .def_property_readonly("used", [](Session& self) { return self.solver().used(); })
      .def("solve", &Session::solve, py::arg("assumptions"), py::arg("on_progress"),
           py::arg("on_log"));
  module.def("robustness", &run_robustness, py::arg("network"), py::arg("x"), py::arg("label"),
             py::arg("settings"), py::arg("options"));
}

}  // namespace clipbound::python
