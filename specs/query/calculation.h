#pragma once
// Idea: what a query whose assertions calculate (VNN-LIB 2.0) asks beyond rows over a network's
// tensors: outputs that are products, exactly, and the assertions as a type of numbers has them.
// Source: the VNN-LIB standard 2.0; own.
// Guarantees: values() rounds nothing (S11).
#include <gmpxx.h>

#include <cstddef>
#include <span>
#include <vector>

#include "specs/network/tensor.h"

namespace clipbound::specs {

/// Never changes; safe from many threads.
class Calculation {
 public:
  virtual ~Calculation() = default;
  /// So many of the query's outputs, the last ones, are calculated from x and the outputs before
  /// them, which are `y` below.
  virtual std::size_t outputs() const = 0;
  /// Their exact values at finite numbers.
  virtual std::vector<mpq_class> values(std::span<const double> x,
                                        std::span<const double> y) const = 0;
  /// Whether all assertions hold as the declared type calculates them; `input_type`, where none is
  /// declared.
  virtual bool holds_as_calculated(DataType input_type, std::span<const double> x,
                                   std::span<const double> y) const = 0;
};

}  // namespace clipbound::specs
