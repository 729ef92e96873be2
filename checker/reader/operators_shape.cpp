// Idea: operators that move elements, whatever they are, and the arithmetic of shapes.
// Source: the ONNX standard.
// Guarantees: see operators.h.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "checker/reader/operators.h"

namespace clipcheck {

Tensor gathered(const Tensor& from, Shape shape, const std::vector<std::size_t>& places) {
  Tensor result{.shape = std::move(shape),
                .constant = from.constant,
                .integer = from.integer,
                .wide = from.wide};
  for (const std::size_t k : places) {
    if (from.constant)
      result.values.push_back(from.values[k]);
    else
      result.elements.push_back(from.elements[k]);
  }
  return result;
}

namespace {

Tensor reshaped(Call& call, Shape shape) {
  Tensor result = call.input(0);
  if (count_of(shape) != count_of(result.shape)) call.fail("shapes do not fit");
  result.shape = std::move(shape);
  return result;
}

std::vector<Tensor> identity(Call& call) {
  return {call.input(0)};
}

std::vector<Tensor> dropout(Call& call) {
  if (call.has(2) && (!call.input(2).constant || call.input(2).values != std::vector<double>{0.0}))
    call.fail("training is not supported");
  return {call.input(0)};
}

std::vector<Tensor> constant(Call& call) {
  if (const auto* value = call.attribute("value")) return {read_tensor(value->t(), call.name())};
  if (const auto* value = call.attribute("value_float"))
    return {Tensor{.shape = {}, .constant = true, .values = {static_cast<double>(value->f())}}};
  if (const auto* value = call.attribute("value_floats")) {
    Tensor result{.shape = {value->floats_size()}, .constant = true};
    for (const float k : value->floats()) result.values.push_back(static_cast<double>(k));
    return {result};
  }
  if (const auto* value = call.attribute("value_int"))
    return {Tensor{.shape = {},
                   .constant = true,
                   .integer = true,
                   .values = {static_cast<double>(value->i())}}};
  if (const auto* value = call.attribute("value_ints")) {
    Tensor result{.shape = {value->ints_size()}, .constant = true, .integer = true};
    for (const auto k : value->ints()) result.values.push_back(static_cast<double>(k));
    return {result};
  }
  call.fail("this form of a constant is not supported");
}

std::vector<Tensor> flatten(Call& call) {
  const Shape& shape = call.input(0).shape;
  std::int64_t axis = call.integer("axis", 1);
  const auto rank = static_cast<std::int64_t>(shape.size());
  if (axis < 0) axis += rank;
  if (axis < 0 || axis > rank) call.fail("there is no such axis");
  return {reshaped(call, {count_of({shape.begin(), shape.begin() + axis}),
                          count_of({shape.begin() + axis, shape.end()})})};
}

std::vector<Tensor> reshape(Call& call) {
  Shape shape = call.integers(1);
  const Shape& old = call.input(0).shape;
  std::int64_t known = 1, open = -1;
  for (std::size_t k = 0; k < shape.size(); ++k) {
    if (shape[k] == 0 && call.integer("allowzero", 0) == 0) {
      if (k >= old.size()) call.fail("shapes do not fit");
      shape[k] = old[k];
    }
    if (shape[k] == -1 && open < 0)
      open = static_cast<std::int64_t>(k);
    else
      known = count_of({known, shape[k]});
  }
  if (open >= 0) shape[static_cast<std::size_t>(open)] = known == 0 ? 0 : count_of(old) / known;
  return {reshaped(call, shape)};
}

std::vector<std::int64_t> axes_of(Call& call) {
  return call.has(1) ? call.integers(1) : call.list("axes", {});
}

std::vector<Tensor> squeeze(Call& call) {
  const Shape& old = call.input(0).shape;
  std::vector<bool> gone(old.size(), false);
  const auto axes = axes_of(call);
  for (const std::int64_t axis : axes) gone[axis_of(call, axis, old.size())] = true;
  Shape shape;
  for (std::size_t k = 0; k < old.size(); ++k)
    if (!(axes.empty() ? old[k] == 1 : static_cast<bool>(gone[k]))) shape.push_back(old[k]);
  return {reshaped(call, shape)};
}

std::vector<Tensor> unsqueeze(Call& call) {
  const Shape& old = call.input(0).shape;
  const auto axes = axes_of(call);
  std::vector<bool> fresh(old.size() + axes.size(), false);
  for (const std::int64_t axis : axes) fresh[axis_of(call, axis, fresh.size())] = true;
  Shape shape;
  std::size_t next = 0;
  for (const bool one : fresh) {
    if (!one && next == old.size()) call.fail("an axis is named twice");
    shape.push_back(one ? 1 : old[next++]);
  }
  return {reshaped(call, shape)};
}

std::vector<std::size_t> strides_of(const Shape& shape) {
  std::vector<std::size_t> strides(shape.size(), 1);
  for (std::size_t k = shape.size(); k-- > 1;)
    strides[k - 1] = strides[k] * static_cast<std::size_t>(shape[k]);
  return strides;
}

/// places[out] = offset + sum of index_k * stride_k over the shape, in C order.
std::vector<std::size_t> walk(const Shape& shape, const std::vector<std::vector<std::size_t>>& at) {
  std::vector<std::size_t> places = {0};
  for (std::size_t k = 0; k < shape.size(); ++k) {
    std::vector<std::size_t> next;
    for (const std::size_t base : places)
      for (const std::size_t step : at[k]) next.push_back(base + step);
    places = std::move(next);
  }
  return places;
}

std::vector<Tensor> transpose(Call& call) {
  const Tensor& from = call.input(0);
  std::vector<std::int64_t> order(from.shape.size());
  std::iota(order.rbegin(), order.rend(), 0);
  order = call.list("perm", order);
  if (order.size() != from.shape.size()) call.fail("shapes do not fit");
  const auto strides = strides_of(from.shape);
  Shape shape;
  std::vector<std::vector<std::size_t>> at;
  std::vector<bool> seen(order.size(), false);
  for (const std::int64_t axis : order) {
    const std::size_t a = axis_of(call, axis, strides.size());
    if (seen[a]) call.fail("an axis is named twice");
    seen[a] = true;
    shape.push_back(from.shape[a]);
    at.emplace_back();
    for (std::size_t k = 0; k < static_cast<std::size_t>(from.shape[a]); ++k)
      at.back().push_back(k * strides[a]);
  }
  const auto places = walk(shape, at);
  return {gathered(from, shape, places)};
}

/// Along each axis these indices.
Tensor picked(const Tensor& from, const std::vector<std::vector<std::size_t>>& indices) {
  const auto strides = strides_of(from.shape);
  Shape shape;
  auto at = indices;
  for (std::size_t k = 0; k < at.size(); ++k) {
    shape.push_back(static_cast<std::int64_t>(at[k].size()));
    for (std::size_t& index : at[k]) index *= strides[k];
  }
  const auto places = walk(shape, at);
  return gathered(from, shape, places);
}

std::vector<std::vector<std::size_t>> everything(const Shape& shape) {
  std::vector<std::vector<std::size_t>> indices;
  for (const std::int64_t extent : shape) {
    indices.emplace_back(static_cast<std::size_t>(extent));
    std::iota(indices.back().begin(), indices.back().end(), std::size_t{0});
  }
  return indices;
}

std::vector<Tensor> slice(Call& call) {
  const Tensor& from = call.input(0);
  const bool by_inputs = call.has(1);
  const auto starts = by_inputs ? call.integers(1) : call.list("starts", {});
  const auto ends = by_inputs ? call.integers(2) : call.list("ends", {});
  std::vector<std::int64_t> axes(starts.size()), steps(starts.size(), 1);
  std::iota(axes.begin(), axes.end(), 0);
  axes = by_inputs ? (call.has(3) ? call.integers(3) : axes) : call.list("axes", axes);
  if (call.has(4)) steps = call.integers(4);
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
    call.fail("lists of different lengths");
  auto indices = everything(from.shape);
  for (std::size_t k = 0; k < axes.size(); ++k) {
    const std::size_t axis = axis_of(call, axes[k], from.shape.size());
    const std::int64_t extent = from.shape[axis], step = steps[k];
    if (step == 0) call.fail("a step of 0");
    if (extent == 0) continue;
    std::int64_t start = starts[k] < 0 ? starts[k] + extent : starts[k];
    std::int64_t end = ends[k] < 0 ? ends[k] + extent : ends[k];
    start = std::clamp<std::int64_t>(start, 0, step > 0 ? extent : extent - 1);
    end = std::clamp<std::int64_t>(end, step > 0 ? 0 : -1, extent);
    indices[axis].clear();
    for (; step > 0 ? start < end : start > end; start += step)
      indices[axis].push_back(static_cast<std::size_t>(start));
  }
  return {picked(from, indices)};
}

std::vector<Tensor> gather(Call& call) {
  const Tensor& from = call.input(0);
  const std::size_t axis = axis_of(call, call.integer("axis", 0), from.shape.size());
  auto indices = everything(from.shape);
  indices[axis].clear();
  for (std::int64_t index : call.integers(1)) {
    if (index < 0) index += from.shape[axis];
    if (index < 0 || index >= from.shape[axis]) call.fail("an index is out of range");
    indices[axis].push_back(static_cast<std::size_t>(index));
  }
  Tensor result = picked(from, indices);
  const Shape& inner = call.input(1).shape;
  const auto place = static_cast<std::ptrdiff_t>(axis);
  result.shape.erase(result.shape.begin() + place);
  result.shape.insert(result.shape.begin() + place, inner.begin(), inner.end());
  return {result};
}

std::vector<Tensor> split(Call& call) {
  const Tensor& from = call.input(0);
  const std::size_t axis = axis_of(call, call.integer("axis", 0), from.shape.size());
  const std::int64_t extent = from.shape[axis];
  const auto parts = static_cast<std::int64_t>(call.outputs);
  if (parts == 0) call.fail("it has no outputs");
  std::vector<std::int64_t> sizes = call.has(1) ? call.integers(1) : call.list("split", {});
  if (sizes.empty()) {
    const std::int64_t each = (extent + parts - 1) / parts;
    for (std::int64_t k = 0; k < parts; ++k)
      sizes.push_back(std::clamp<std::int64_t>(extent - k * each, 0, each));
  }
  std::vector<Tensor> results;
  std::int64_t start = 0;
  for (const std::int64_t size : sizes) {
    if (size < 0 || start + size > extent) call.fail("parts do not fit");
    auto indices = everything(from.shape);
    indices[axis].resize(static_cast<std::size_t>(size));
    std::iota(indices[axis].begin(), indices[axis].end(), static_cast<std::size_t>(start));
    results.push_back(picked(from, indices));
    start += size;
  }
  if (start != extent) call.fail("parts do not fit");
  return results;
}

/// A constant as elements that nothing changes.
Tensor as_elements(Call& call, const Tensor& tensor) {
  if (!tensor.constant) return tensor;
  std::vector<AffineRow> rows(tensor.values.size());
  for (std::size_t k = 0; k < rows.size(); ++k) rows[k].bias = exact(call, tensor.values[k]);
  return affine(call, tensor.shape, rows);
}

std::vector<Tensor> concat(Call& call) {
  bool constant_all = true;
  for (const Tensor& tensor : call.inputs) constant_all = constant_all && tensor.constant;
  std::vector<Tensor> parts;
  for (const Tensor& tensor : call.inputs)
    parts.push_back(constant_all ? tensor : as_elements(call, tensor));
  const std::size_t rank = call.input(0).shape.size();
  const std::size_t axis = axis_of(call, call.integer("axis", 1), rank);
  Shape shape = parts[0].shape;
  shape[axis] = 0;
  std::size_t outer = 1;
  for (std::size_t k = 0; k < axis; ++k) outer *= static_cast<std::size_t>(shape[k]);
  for (const Tensor& part : parts) {
    if (part.shape.size() != rank) call.fail("shapes do not fit");
    for (std::size_t k = 0; k < rank; ++k)
      if (k != axis && part.shape[k] != shape[k]) call.fail("shapes do not fit");
    shape[axis] += part.shape[axis];
  }
  Tensor result{
      .shape = shape, .constant = constant_all, .integer = parts[0].integer, .wide = parts[0].wide};
  for (std::size_t k = 0; k < outer; ++k) {
    for (const Tensor& part : parts) {
      const std::size_t run = part.size() / outer;
      for (std::size_t j = k * run; j < (k + 1) * run; ++j) {
        if (constant_all)
          result.values.push_back(part.values[j]);
        else
          result.elements.push_back(part.elements[j]);
      }
    }
  }
  return {result};
}

std::vector<Tensor> shape_of(Call& call) {
  const Shape& shape = call.input(0).shape;
  if (call.attribute("start") != nullptr || call.attribute("end") != nullptr)
    call.fail("parts of shapes are not supported");
  Tensor result{
      .shape = {static_cast<std::int64_t>(shape.size())}, .constant = true, .integer = true};
  result.values.assign(shape.begin(), shape.end());
  return {result};
}

std::vector<Tensor> cast(Call& call) {
  Tensor result = call.input(0);
  const std::int64_t to = call.integer("to", 0);
  const bool integer = to == onnx::TensorProto::INT64 || to == onnx::TensorProto::INT32;
  const bool wide = to == onnx::TensorProto::DOUBLE, real = wide || to == onnx::TensorProto::FLOAT;
  if (!(integer || real) || (!result.constant && (integer || result.integer)) ||
      (result.constant && integer != result.integer))
    call.fail("this change of type is not supported");
  if (result.wide && !wide)
    for (double& value : result.values) value = static_cast<double>(static_cast<float>(value));
  result.wide = wide;
  return {result};
}

std::vector<Tensor> constant_of_shape(Call& call) {
  Tensor result{.shape = call.integers(0), .constant = true};
  double value = 0.0;
  if (const auto* given = call.attribute("value")) {
    const Tensor tensor = read_tensor(given->t(), call.name());
    if (tensor.values.size() != 1) call.fail("its value is not one number");
    value = tensor.values[0];
    result.integer = tensor.integer;
    result.wide = tensor.wide;
  }
  result.values.assign(static_cast<std::size_t>(count_of(result.shape)), value);
  return {result};
}

}  // namespace

void add_shape_operators(Operators& table) {
  table.insert({{"Identity", identity},
                {"Dropout", dropout},
                {"Constant", constant},
                {"Flatten", flatten},
                {"Reshape", reshape},
                {"Squeeze", squeeze},
                {"Unsqueeze", unsqueeze},
                {"Transpose", transpose},
                {"Slice", slice},
                {"Gather", gather},
                {"Split", split},
                {"Concat", concat},
                {"Shape", shape_of},
                {"Cast", cast},
                {"ConstantOfShape", constant_of_shape}});
}

}  // namespace clipcheck
