#include "specs/network/float_grid.h"

#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/rounding.h"

namespace clipbound::specs {

namespace {

[[noreturn]] void refuse(DataType type) {
  throw Unsupported(std::string("inputs of type ") + name_of(type));
}

}  // namespace

double nearest_in(DataType type, double x) {
  switch (type) {
    case DataType::float32: return static_cast<float>(x);
    case DataType::float64: return x;
    case DataType::int64:
    case DataType::boolean: break;
  }
  refuse(type);
}

double next_up_in(DataType type, double x) {
  switch (type) {
    case DataType::float32:
      return std::nextafter(static_cast<float>(x), std::numeric_limits<float>::infinity());
    case DataType::float64: return next_up(x);
    case DataType::int64:
    case DataType::boolean: break;
  }
  refuse(type);
}

double next_down_in(DataType type, double x) {
  return -next_up_in(type, -x);
}

bool is_number_of(DataType type, double x) {
  return std::isfinite(x) && nearest_in(type, x) == x;
}

}  // namespace clipbound::specs
