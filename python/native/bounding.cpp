// Idea: bounds of one box or many, of outputs or of rows C y + d.
// Source: own.
// Guarantees: those of the C++ interface.
// Legend: B boxes, R rows, N inputs.
#include <pybind11/stl.h>

#include "clipbound/clipbound.h"
#include "python/native/arrays.h"
#include "python/native/module.h"
#include "python/native/waiting.h"

namespace clipbound::python {

namespace {

std::optional<OutputRows> rows_of(const std::optional<Array>& C, const std::optional<Array>& d) {
  if (!C) return {};
  OutputRows rows;
  rows.C.assign(C->data(), C->data() + C->size());
  if (d) rows.d.assign(d->data(), d->data() + d->size());
  return rows;
}

/// {"lower": [B, R], "upper": [B, R]} and, with linear bounds, "lower_A": [B, R, N], "lower_b": [B,
/// R], ...
py::dict dict_of(BatchBounds bounds, std::size_t inputs, bool linear) {
  const std::vector<py::ssize_t> ends{ssize(bounds.boxes), ssize(bounds.rows)},
      slopes{ssize(bounds.boxes), ssize(bounds.rows), ssize(inputs)};
  py::dict dict;
  dict["lower"] = array_of(std::move(bounds.lower), ends);
  dict["upper"] = array_of(std::move(bounds.upper), ends);
  if (!linear) return dict;
  dict["lower_A"] = array_of(std::move(bounds.linear.lower_A), slopes);
  dict["lower_b"] = array_of(std::move(bounds.linear.lower_b), ends);
  dict["upper_A"] = array_of(std::move(bounds.linear.upper_A), slopes);
  dict["upper_b"] = array_of(std::move(bounds.linear.upper_b), ends);
  return dict;
}

/// How and by how many threads.
struct How {
  std::string method;
  bool linear;
  double time_limit_s;
  int slope_iterations, threads;

  BatchSettings settings(const Stopper& stopper) const {
    BatchSettings batch;
    batch.bounds = {bound_method(method), linear, time_limit_s, slope_iterations};
    batch.threads = threads;
    batch.stopper = stopper;
    return batch;
  }
};

/// Bounds and None, or what has been bounded and the exception that interrupted it.
py::tuple bounds(const Network& network, const Array& lower, const Array& upper,
                 const std::optional<Array>& C, const std::optional<Array>& d, const How& how) {
  const Stopper stopper;
  const BatchSettings settings = how.settings(stopper);
  const std::optional<OutputRows> rows = rows_of(C, d);
  Mailbox nobody{py::none(), py::none()};
  BatchBounds found;
  const py::object interrupt = run_interruptibly(stopper, nobody, [&] {
    found = bounds_of_boxes(network, view(lower), view(upper), rows, settings);
  });
  return py::make_tuple(dict_of(std::move(found), network.input_size(), how.linear), interrupt);
}

}  // namespace

void bind_bounds(py::module_& module) {
  module.def(
      "bounds",
      [](const Network& network, const Array& lower, const Array& upper,
         const std::optional<Array>& C, const std::optional<Array>& d, const std::string& method,
         bool linear, double time_limit_s, int slope_iterations, int threads) {
        return bounds(network, lower, upper, C, d,
                      {method, linear, time_limit_s, slope_iterations, threads});
      },
      py::arg("network"), py::arg("lower"), py::arg("upper"), py::arg("C"), py::arg("d"),
      py::arg("method"), py::arg("linear"), py::arg("time_limit_s"), py::arg("slope_iterations"),
      py::arg("threads"));
}

}  // namespace clipbound::python
