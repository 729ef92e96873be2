#include "specs/ops/product.h"

#include "specs/ops/broadcast.h"

namespace clipbound::specs {

namespace {

/// True where matrix j begins at j * size.
bool consecutive(const std::vector<std::int64_t>& offsets, std::int64_t size) {
  for (std::size_t j = 0; j < offsets.size(); ++j)
    if (offsets[j] != static_cast<std::int64_t>(j) * size) return false;
  return true;
}
bool all_zero(const std::vector<std::int64_t>& offsets) {
  return std::all_of(offsets.begin(), offsets.end(), [](std::int64_t o) { return o == 0; });
}

Shape leading(const Shape& shape) {
  return shape.size() <= 2 ? Shape{} : Shape(shape.begin(), shape.end() - 2);
}

/// Where each matrix of the broadcast batch begins.
std::vector<std::int64_t> offsets_of(const Shape& own, const Shape& all, std::int64_t matrix_size) {
  std::vector<std::int64_t> offsets = broadcast_index(own, all);
  for (std::int64_t& o : offsets) o *= matrix_size;
  return offsets;
}

}  // namespace

Product::Product(ProductPlan plan) : plan_(std::move(plan)) {
  // A vector is its own transpose, which opens the way to one GEMM.
  if (plan_.m == 1 || plan_.k == 1) plan_.transpose_a = Transpose::no;
  if (plan_.n == 1 || plan_.k == 1) plan_.transpose_b = Transpose::no;
  lda_ = plan_.transpose_a == Transpose::no ? plan_.k : plan_.m;
  ldb_ = plan_.transpose_b == Transpose::no ? plan_.n : plan_.k;
  const bool rows = plan_.point_stride_b == 0 && all_zero(plan_.offset_b) &&
                    plan_.transpose_a == Transpose::no &&
                    plan_.point_stride_a == plan_.matrices() * plan_.m * plan_.k &&
                    consecutive(plan_.offset_a, plan_.m * plan_.k);
  const bool columns = plan_.n == 1 && plan_.point_stride_a == 0 && all_zero(plan_.offset_a) &&
                       plan_.point_stride_b == plan_.matrices() * plan_.k &&
                       consecutive(plan_.offset_b, plan_.k);
  merge_ = rows ? Merge::rows : columns ? Merge::columns : Merge::none;
}

Shape matmul_shape(const Shape& a, const Shape& b) {
  if (a.empty() || b.empty()) throw InputError("an operand is a scalar");
  const std::int64_t k = a.back(), k_of_b = b.size() == 1 ? b[0] : b[b.size() - 2];
  if (k != k_of_b)
    throw InputError("shapes " + to_string(a) + " and " + to_string(b) + " do not fit");
  Shape shape = broadcast_shapes(leading(a), leading(b));
  if (a.size() > 1) shape.push_back(a[a.size() - 2]);
  if (b.size() > 1) shape.push_back(b.back());
  return shape;
}

ProductPlan plan_matmul(const Network& network, const Node& node) {
  const Shape& a = input_of(network, node, 0).shape;
  const Shape& b = input_of(network, node, 1).shape;
  ProductPlan plan;
  plan.m = a.size() == 1 ? 1 : a[a.size() - 2];
  plan.k = a.back();
  plan.n = b.size() == 1 ? 1 : b.back();
  const Shape batch = broadcast_shapes(leading(a), leading(b));
  plan.offset_a = offsets_of(leading(a), batch, plan.m * plan.k);
  plan.offset_b = offsets_of(leading(b), batch, plan.k * plan.n);
  plan.point_stride_a = point_stride(network, node.inputs[0]);
  plan.point_stride_b = point_stride(network, node.inputs[1]);
  return plan;
}

ProductPlan plan_gemm(const Network& network, const Node& node) {
  const Shape& a = input_of(network, node, 0).shape;
  const Shape& b = input_of(network, node, 1).shape;
  if (a.size() != 2 || b.size() != 2)
    throw InputError("operands " + to_string(a) + " and " + to_string(b) + " are not matrices");
  ProductPlan plan;
  plan.transpose_a = node.int_attribute("transA", 0) != 0 ? Transpose::yes : Transpose::no;
  plan.transpose_b = node.int_attribute("transB", 0) != 0 ? Transpose::yes : Transpose::no;
  plan.m = plan.transpose_a == Transpose::no ? a[0] : a[1];
  plan.k = plan.transpose_a == Transpose::no ? a[1] : a[0];
  plan.n = plan.transpose_b == Transpose::no ? b[1] : b[0];
  if (plan.k != (plan.transpose_b == Transpose::no ? b[0] : b[1]))
    throw InputError("operands " + to_string(a) + " and " + to_string(b) + " do not fit");
  plan.point_stride_a = point_stride(network, node.inputs[0]);
  plan.point_stride_b = point_stride(network, node.inputs[1]);
  return plan;
}

}  // namespace clipbound::specs
