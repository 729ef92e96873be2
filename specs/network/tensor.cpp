#include "specs/network/tensor.h"

#include <limits>

#include "base/error.h"

namespace clipbound::specs {

std::int64_t element_count(const Shape& shape) {
  std::int64_t count = 1;
  for (const std::int64_t d : shape) {
    if (d < 0) throw InputError("negative dimension in shape " + to_string(shape));
    if (__builtin_mul_overflow(count, d, &count))
      throw InputError("absurd shape " + to_string(shape));
  }
  return count;
}

std::string to_string(const Shape& shape) {
  std::string text = "[";
  for (std::size_t i = 0; i < shape.size(); ++i) {
    if (i > 0) text += ",";
    text += std::to_string(shape[i]);
  }
  return text + "]";
}

const char* name_of(DataType type) {
  switch (type) {
    case DataType::float32: return "float32";
    case DataType::float64: return "float64";
    case DataType::int64: return "int64";
    case DataType::boolean: return "boolean";
    case DataType::float16: return "float16";
  }
  return "?";
}

double Tensor::at(std::int64_t i) const {
  return std::visit(
      [i](const auto& v) { return static_cast<double>(v.at(static_cast<std::size_t>(i))); },
      values);
}

std::vector<double> Tensor::as_float64() const {
  return std::visit([](const auto& v) { return std::vector<double>(v.begin(), v.end()); }, values);
}

std::vector<std::int64_t> Tensor::as_int64() const {
  if (const auto* ints = std::get_if<std::vector<std::int64_t>>(&values)) return *ints;
  if (const auto* booleans = std::get_if<std::vector<std::uint8_t>>(&values))
    return std::vector<std::int64_t>(booleans->begin(), booleans->end());
  throw InputError(std::string("integers expected, found ") + name_of(type()));
}

}  // namespace clipbound::specs
