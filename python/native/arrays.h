#pragma once
// Idea: NumPy arrays as the library's vectors and back.
// Source: pybind11.
// Guarantees: float64 in C order on both sides; what has another type is converted, once.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstddef>
#include <span>
#include <vector>

namespace clipbound::python {

namespace py = pybind11;

/// An argument: any numbers, as float64 in C order.
using Array = py::array_t<double, py::array::c_style | py::array::forcecast>;

inline std::span<const double> view(const Array& array) {
  return {array.data(), static_cast<std::size_t>(array.size())};
}

/// A new array of this shape; the values are moved into it, not copied.
inline py::array_t<double> array_of(std::vector<double> values,
                                    const std::vector<py::ssize_t>& shape) {
  auto owner = std::make_unique<std::vector<double>>(std::move(values));
  double* data = owner->data();
  const py::capsule release(owner.release(),
                            [](void* held) { delete static_cast<std::vector<double>*>(held); });
  return py::array_t<double>(shape, data, release);
}

inline py::ssize_t ssize(std::size_t size) {
  return static_cast<py::ssize_t>(size);
}

/// A vector [size].
inline py::array_t<double> array_of(std::vector<double> values) {
  const py::ssize_t size = ssize(values.size());
  return array_of(std::move(values), {size});
}

}  // namespace clipbound::python
