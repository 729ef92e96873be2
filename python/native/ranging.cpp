// Idea: range_of() for Python.
// Source: own.
// Guarantees: those of the C++ interface; an interrupted search gives the ends that it had.
#include <pybind11/stl.h>

#include <limits>

#include "clipbound/clipbound.h"
#include "python/native/arrays.h"
#include "python/native/convert.h"
#include "python/native/module.h"
#include "python/native/waiting.h"

namespace clipbound::python {

namespace {

/// "NAME": the proved ends [R]; "NAME_attained" [R] and "NAME_points" [R, N] (NaN: none);
/// "NAME_done" [R].
void put_ends(py::dict& dict, const std::string& name, const Ranges& found, RangeEnd Range::*which,
              std::size_t inputs) {
  std::vector<double> bounds, attained, points;
  py::list done;
  for (const Range& range : found.ranges) {
    const RangeEnd& end = range.*which;
    bounds.push_back(end.bound);
    attained.push_back(end.attained);
    if (end.point.empty())
      points.insert(points.end(), inputs, std::numeric_limits<double>::quiet_NaN());
    else
      points.insert(points.end(), end.point.begin(), end.point.end());
    done.append(end.done);
  }
  const py::ssize_t rows = ssize(found.ranges.size());
  dict[py::str(name)] = array_of(std::move(bounds));
  dict[py::str(name + "_attained")] = array_of(std::move(attained));
  dict[py::str(name + "_points")] = array_of(std::move(points), {rows, ssize(inputs)});
  dict[py::str(name + "_done")] = std::move(done);
}

/// (ends, None) or (ends, exception), as of solve().
py::tuple run_range(const Network& network, const Array& lower, const Array& upper,
                    const std::optional<Array>& rows, double gap, double gap_absolute,
                    double time_limit_s, const py::dict& values) {
  const RangeSettings settings{
      .gap = gap, .gap_absolute = gap_absolute, .time_limit_s = time_limit_s};
  const Options options = options_of(values);
  const Stopper stopper;
  Mailbox nobody{py::none(), py::none()};
  const Callbacks callbacks = nobody.callbacks(stopper);
  const std::span<const double> objectives = rows ? view(*rows) : std::span<const double>();
  Ranges found;
  const py::object interrupt = run_interruptibly(stopper, nobody, [&] {
    found = range_of(network, view(lower), view(upper), objectives, settings, options, callbacks);
  });
  py::dict dict;
  put_ends(dict, "lower", found, &Range::lower, network.input_size());
  put_ends(dict, "upper", found, &Range::upper, network.input_size());
  dict["queries"] = found.queries;
  dict["reason"] = found.reason;
  return py::make_tuple(dict, interrupt);
}

}  // namespace

void bind_ranges(py::module_& module) {
  module.def("range_of", &run_range, py::arg("network"), py::arg("lower"), py::arg("upper"),
             py::arg("rows"), py::arg("gap"), py::arg("gap_absolute"), py::arg("time_limit_s"),
             py::arg("options"));
}

}  // namespace clipbound::python
