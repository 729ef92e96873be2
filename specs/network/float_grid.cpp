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

constexpr double kLargest16 = 65504.0;

/// The distance of float16 numbers at a size of at least its binade's beginning.
double step16(double size) {
  return size < 0x1p-14 ? 0x1p-24 : std::exp2(std::ilogb(size) - 10);
}

/// In one rounding: by way of float32 there would be two.
double nearest16(double x) {
  const double size = std::fabs(x);
  constexpr double kHalfway = 65520.0;  // between the largest number and where the next would be
  if (!(size < kHalfway)) return std::isnan(x) ? x : std::copysign(kInfinity, x);
  const double step = step16(size);
  return std::nearbyint(x / step) * step;  // a power of two: only nearbyint() rounds
}

double next_up16(double x) {
  if (x >= 0.0) return x < kLargest16 ? x + step16(x) : kInfinity;
  if (std::isinf(x)) return -kLargest16;
  // Below a power of two numbers are closer.
  const double size = -x, step = step16(size);
  const bool begins_binade = size > 0x1p-14 && size == std::exp2(std::ilogb(size));
  return -(size - (begins_binade ? 0.5 * step : step));
}

}  // namespace

double nearest_in(DataType type, double x) {
  switch (type) {
    case DataType::float32: return static_cast<float>(x);
    case DataType::float64: return x;
    case DataType::float16: return nearest16(x);
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
    case DataType::float16: return next_up16(x);
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
