#pragma once
// Idea: a constant tensor: shape and values in C order, in the type that the file gives them.
// Source: own.
// Guarantees: values keep the type and the bits of the file.
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/floors.h"

namespace clipbound::specs {

using Shape = std::vector<std::int64_t>;

/// Number of elements of a shape; 1 for rank 0. Throws InputError where it is negative or
/// overflows.
std::int64_t element_count(const Shape& shape);
/// Elements of the largest tensor that an input or an operator may have: beyond it, a shape is a
/// mistake or an attack.
inline constexpr std::int64_t kLargestTensor = std::int64_t{1} << 30;
/// "[1,3,32,32]".
std::string to_string(const Shape& shape);

/// How values are held, and float16: numbers held as float32, of which alone inputs are said to be
/// (Network::input_type()).
enum class DataType : std::uint8_t { float32, float64, int64, boolean, float16 };
/// "float32" and so on.
const char* name_of(DataType type);

/// A 16-bit format to whose numbers values held as float32 are rounded by who computes them.
enum class Half : std::uint8_t { none, float16, bfloat16 };
/// Which integers numbers of type int64 are in the file: they are widened, and wrap around where
/// the file's do (integer_range.h).
enum class StoredInteger : std::uint8_t {
  int64,
  int8,
  uint8,
  int16,
  uint16,
  int32,
  uint32,
  uint64
};

/// Values in C order. float16/bfloat16 files are widened to float32, all integer types to int64
/// (exactly).
struct Tensor {
  Shape shape;
  std::variant<std::vector<float>, std::vector<double>, std::vector<std::int64_t>,
               std::vector<std::uint8_t>>
      values;
  Half half = Half::none;  ///< where the file's numbers are of such a format
  StoredInteger stored = StoredInteger::int64;

  DataType type() const { return static_cast<DataType>(values.index()); }
  std::int64_t size() const { return element_count(shape); }
  /// Element i as float64 (exact for float32, float64, boolean and |int64| < 2^53).
  double at(std::int64_t i) const;
  /// All elements as float64.
  std::vector<double> as_float64() const;
  /// All elements as integers; throws InputError where the type is a floating one.
  std::vector<std::int64_t> as_int64() const;
};

}  // namespace clipbound::specs
