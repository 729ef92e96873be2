#include "specs/onnx/tensor_writer.h"

#include <onnx/onnx_pb.h>

#include <bit>
#include <cmath>
#include <cstring>

#include "base/check.h"
#include "base/error.h"
#include "specs/network/half.h"

namespace clipbound::specs {

namespace {

using Proto = onnx::TensorProto;

/// The bits of a number that float16 has.
std::uint16_t float16_bits(double x) {
  const auto sign = static_cast<std::uint16_t>(std::signbit(x) ? 0x8000U : 0U);
  const double size = std::fabs(x);
  if (std::isnan(x)) return 0x7e00;
  if (std::isinf(x)) return static_cast<std::uint16_t>(sign | 0x7c00U);
  if (size < 0x1p-14)  // subnormal: multiples of 2^-24
    return static_cast<std::uint16_t>(sign | static_cast<unsigned>(size * 0x1p24));
  int exponent = 0;
  const double fraction = std::frexp(size, &exponent);  // in [1/2, 1)
  const auto digits = static_cast<unsigned>(std::ldexp(fraction, 11)) & 0x3ffU;
  return static_cast<std::uint16_t>(sign | static_cast<unsigned>(exponent + 14) << 10U | digits);
}

std::uint16_t bfloat16_bits(double x) {
  return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(static_cast<float>(x)) >> 16U);
}

/// Little-endian, as ONNX wants it and as this machine has it.
template <typename T, typename Convert>
std::string raw(std::span<const double> values, Convert convert) {
  static_assert(std::endian::native == std::endian::little);
  std::string bytes(values.size() * sizeof(T), '\0');
  for (std::size_t i = 0; i < values.size(); ++i) {
    const T value = convert(values[i]);
    std::memcpy(bytes.data() + i * sizeof(T), &value, sizeof(T));
  }
  return bytes;
}
template <typename T>
std::string raw(std::span<const double> values) {
  return raw<T>(values, [](double x) { return static_cast<T>(x); });
}

struct ElementType {
  std::string_view name;
  int type;
  std::string (*bytes)(std::span<const double>);
};
constexpr ElementType kTypes[] = {
    {"float32", Proto::FLOAT, raw<float>},
    {"float64", Proto::DOUBLE, raw<double>},
    {"float16", Proto::FLOAT16,
     [](std::span<const double> x) {
       return raw<std::uint16_t>(x, [](double v) {
         return float16_bits(nearest_half(Half::float16, static_cast<float>(v)));
       });
     }},
    {"bfloat16", Proto::BFLOAT16,
     [](std::span<const double> x) {
       return raw<std::uint16_t>(x, [](double v) {
         return bfloat16_bits(nearest_half(Half::bfloat16, static_cast<float>(v)));
       });
     }},
    {"int8", Proto::INT8, raw<std::int8_t>},
    {"int16", Proto::INT16, raw<std::int16_t>},
    {"int32", Proto::INT32, raw<std::int32_t>},
    {"int64", Proto::INT64, raw<std::int64_t>},
    {"uint8", Proto::UINT8, raw<std::uint8_t>},
    {"uint16", Proto::UINT16, raw<std::uint16_t>},
    {"uint32", Proto::UINT32, raw<std::uint32_t>},
    {"uint64", Proto::UINT64, raw<std::uint64_t>},
    {"bool", Proto::BOOL, raw<std::uint8_t>},
};

}  // namespace

std::string serialised_tensor(const std::string& name, const Shape& shape,
                              std::string_view element_type, std::span<const double> values) {
  CLIPBOUND_CHECK(values.size() == static_cast<std::size_t>(element_count(shape)));
  for (const ElementType& row : kTypes) {
    if (row.name != element_type) continue;
    onnx::TensorProto proto;
    proto.set_name(name);
    proto.set_data_type(row.type);
    for (const std::int64_t d : shape) proto.add_dims(d);
    proto.set_raw_data(row.bytes(values));
    return proto.SerializeAsString();
  }
  throw Unsupported("tensors of type " + std::string(element_type) + " are not written");
}

}  // namespace clipbound::specs
