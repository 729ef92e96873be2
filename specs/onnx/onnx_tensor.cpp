#include "specs/onnx/onnx_tensor.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/error.h"
#include "specs/network/half.h"
#include "specs/onnx/external_data.h"

namespace clipbound::specs {

namespace {

using Proto = onnx::TensorProto;

/// Reads raw_data as numbers of type Raw (ONNX stores them little-endian, as this machine does).
template <typename Raw, typename To, typename Convert>
std::vector<To> from_raw(const Proto& proto, std::size_t count, Convert convert) {
  static_assert(std::endian::native == std::endian::little);
  const std::string& bytes = proto.raw_data();
  if (bytes.size() / sizeof(Raw) != count || bytes.size() % sizeof(Raw) != 0)
    throw InputError("tensor '" + proto.name() + "' holds " + std::to_string(bytes.size()) +
                     " bytes for " + std::to_string(count) + " elements of " +
                     std::to_string(sizeof(Raw)) + " bytes");
  std::vector<To> values(count);
  if constexpr (std::is_same_v<Raw, To>) {
    if (count > 0) std::memcpy(values.data(), bytes.data(), bytes.size());
    return values;
  }
  for (std::size_t i = 0; i < count; ++i) {
    Raw raw;
    std::memcpy(&raw, bytes.data() + i * sizeof(Raw), sizeof(Raw));
    values[i] = convert(raw);
  }
  return values;
}

template <typename To, typename Field, typename Convert>
std::vector<To> from_field(const Proto& proto, const Field& field, std::size_t count,
                           Convert convert) {
  if (static_cast<std::size_t>(field.size()) != count)
    throw InputError("tensor '" + proto.name() + "' holds " + std::to_string(field.size()) +
                     " elements, its shape " + std::to_string(count));
  std::vector<To> values(count);
  for (std::size_t i = 0; i < count; ++i) values[i] = convert(field.Get(static_cast<int>(i)));
  return values;
}

/// From raw_data where the tensor has it, else from its typed field.
template <typename Raw, typename To, typename Field, typename Convert>
std::vector<To> read(const Proto& proto, std::size_t count, const Field& field, Convert convert) {
  if (proto.has_raw_data()) return from_raw<Raw, To>(proto, count, convert);
  return from_field<To>(proto, field, count, [&](auto x) { return convert(static_cast<Raw>(x)); });
}

template <typename Raw, typename Field>
std::vector<std::int64_t> read_integers(const Proto& proto, std::size_t count, const Field& field) {
  return read<Raw, std::int64_t>(proto, count, field, [&](Raw x) {
    if (!std::in_range<std::int64_t>(x))
      throw Unsupported("tensor '" + proto.name() + "' holds integers above 2^63");
    return static_cast<std::int64_t>(x);
  });
}

decltype(Tensor::values) values_from(const Proto& proto, std::size_t count) {
  const auto same = [](auto x) { return x; };
  switch (proto.data_type()) {
    case Proto::FLOAT: return read<float, float>(proto, count, proto.float_data(), same);
    case Proto::DOUBLE: return read<double, double>(proto, count, proto.double_data(), same);
    case Proto::FLOAT16:
      return read<std::uint16_t, float>(proto, count, proto.int32_data(), from_float16_bits);
    case Proto::BFLOAT16:
      return read<std::uint16_t, float>(proto, count, proto.int32_data(), from_bfloat16_bits);
    case Proto::INT64: return read_integers<std::int64_t>(proto, count, proto.int64_data());
    case Proto::INT32: return read_integers<std::int32_t>(proto, count, proto.int32_data());
    case Proto::INT16: return read_integers<std::int16_t>(proto, count, proto.int32_data());
    case Proto::INT8: return read_integers<std::int8_t>(proto, count, proto.int32_data());
    case Proto::UINT8: return read_integers<std::uint8_t>(proto, count, proto.int32_data());
    case Proto::UINT16: return read_integers<std::uint16_t>(proto, count, proto.int32_data());
    case Proto::UINT32: return read_integers<std::uint32_t>(proto, count, proto.uint64_data());
    case Proto::UINT64: return read_integers<std::uint64_t>(proto, count, proto.uint64_data());
    case Proto::BOOL:
      return read<std::uint8_t, std::uint8_t>(proto, count, proto.int32_data(), [](std::uint8_t x) {
        return static_cast<std::uint8_t>(x != 0);
      });
    default:
      throw Unsupported("tensor '" + proto.name() + "' has an element type that is not supported");
  }
}

}  // namespace

StoredInteger stored_as(int onnx_type) {
  switch (onnx_type) {
    case Proto::INT8: return StoredInteger::int8;
    case Proto::UINT8: return StoredInteger::uint8;
    case Proto::INT16: return StoredInteger::int16;
    case Proto::UINT16: return StoredInteger::uint16;
    case Proto::INT32: return StoredInteger::int32;
    case Proto::UINT32: return StoredInteger::uint32;
    case Proto::UINT64: return StoredInteger::uint64;
    default: return StoredInteger::int64;
  }
}

DataType data_type_of(int onnx_type, const std::string& what) {
  switch (onnx_type) {
    case Proto::FLOAT:
    case Proto::FLOAT16:
    case Proto::BFLOAT16: return DataType::float32;
    case Proto::DOUBLE: return DataType::float64;
    case Proto::INT64:
    case Proto::INT32:
    case Proto::INT16:
    case Proto::INT8:
    case Proto::UINT8:
    case Proto::UINT16:
    case Proto::UINT32:
    case Proto::UINT64: return DataType::int64;
    case Proto::BOOL: return DataType::boolean;
    default:
      throw Unsupported(what + " has element type " + std::to_string(onnx_type) +
                        ", which is not supported");
  }
}

Half half_of(int onnx_type) {
  return onnx_type == Proto::FLOAT16    ? Half::float16
         : onnx_type == Proto::BFLOAT16 ? Half::bfloat16
                                        : Half::none;
}

namespace {

/// Bytes of an element in raw_data.
std::uint64_t element_bytes(int onnx_type) {
  switch (onnx_type) {
    case Proto::DOUBLE:
    case Proto::INT64:
    case Proto::UINT64: return 8;
    case Proto::FLOAT:
    case Proto::INT32:
    case Proto::UINT32: return 4;
    case Proto::FLOAT16:
    case Proto::BFLOAT16:
    case Proto::INT16:
    case Proto::UINT16: return 2;
    default: return 1;
  }
}

/// The tensor with its data inside.
Proto with_external_data(const Proto& proto, std::int64_t count, ExternalData& external) {
  std::uint64_t size = 0;
  if (__builtin_mul_overflow(static_cast<std::uint64_t>(count), element_bytes(proto.data_type()),
                             &size))
    throw InputError("tensor '" + proto.name() + "' has an absurd shape");
  Proto loaded;
  loaded.set_name(proto.name());
  loaded.set_data_type(proto.data_type());
  loaded.set_raw_data(external.read(proto, size));
  return loaded;
}

}  // namespace

Tensor tensor_from(const onnx::TensorProto& proto, ExternalData& external) {
  if (proto.has_segment()) throw Unsupported("tensor '" + proto.name() + "' is stored in segments");
  data_type_of(proto.data_type(), "tensor '" + proto.name() + "'");
  Tensor tensor;
  tensor.shape.assign(proto.dims().begin(), proto.dims().end());
  // The count is compared with the data that are there before anything of that size is allocated.
  const std::int64_t count = element_count(tensor.shape);
  tensor.values = is_external(proto) ? values_from(with_external_data(proto, count, external),
                                                   static_cast<std::size_t>(count))
                                     : values_from(proto, static_cast<std::size_t>(count));
  tensor.half = half_of(proto.data_type());
  tensor.stored = stored_as(proto.data_type());
  return tensor;
}

Attribute attribute_from(const onnx::AttributeProto& proto, ExternalData& external) {
  using Proto = onnx::AttributeProto;
  // Files from before IR version 2 leave the type out; then the field that is set tells it.
  auto type = proto.type();
  if (type == Proto::UNDEFINED) {
    type = proto.has_f()             ? Proto::FLOAT
           : proto.has_i()           ? Proto::INT
           : proto.has_s()           ? Proto::STRING
           : proto.has_t()           ? Proto::TENSOR
           : proto.floats_size() > 0 ? Proto::FLOATS
           : proto.ints_size() > 0   ? Proto::INTS
                                     : Proto::UNDEFINED;
  }
  switch (type) {
    case Proto::FLOAT: return static_cast<double>(proto.f());
    case Proto::INT: return std::int64_t{proto.i()};
    case Proto::STRING: return proto.s();
    case Proto::TENSOR: return tensor_from(proto.t(), external);
    case Proto::FLOATS: return std::vector<double>(proto.floats().begin(), proto.floats().end());
    case Proto::INTS: return std::vector<std::int64_t>(proto.ints().begin(), proto.ints().end());
    case Proto::STRINGS:
      return std::vector<std::string>(proto.strings().begin(), proto.strings().end());
    default: throw Unsupported("attribute '" + proto.name() + "' has a type that is not supported");
  }
}

}  // namespace clipbound::specs
