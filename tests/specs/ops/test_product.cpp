// Matrix products on one example, A B = Y, in every way that a plan can store and merge it:
//
//   A = 1 2 3   B = 1 0   Y = 4  5
//       4 5 6       0 1       10 11
//                   1 1
#include "specs/ops/product.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/support/floors.h"

namespace clipbound::test {
namespace {

using Numbers = std::vector<double>;
using Integers = std::vector<std::int64_t>;

const Numbers kA = {1, 2, 3, 4, 5, 6}, kATransposed = {1, 4, 2, 5, 3, 6};
const Numbers kB = {1, 0, 0, 1, 1, 1}, kBTransposed = {1, 0, 1, 0, 1, 1};
const Numbers kY = {4, 5, 10, 11};

/// The plan of the example, both operands variable.
ProductPlan plan_of_example(Transpose a = Transpose::no, Transpose b = Transpose::no) {
  ProductPlan plan;
  plan.m = 2;
  plan.k = 3;
  plan.n = 2;
  plan.transpose_a = a;
  plan.transpose_b = b;
  plan.point_stride_a = 6;
  plan.point_stride_b = 6;
  return plan;
}

/// A times a vector per point, A constant.
ProductPlan plan_of_columns(Transpose a = Transpose::no) {
  ProductPlan plan = plan_of_example(a);
  plan.n = 1;
  plan.point_stride_a = 0;
  plan.point_stride_b = 3;
  return plan;
}

Numbers fast(const ProductPlan& plan, const Numbers& a, const Numbers& b, std::int64_t batch = 1,
             double alpha = 1.0) {
  // What was there before is overwritten, whatever it is.
  Numbers y(static_cast<std::size_t>(batch * plan.point_stride_y()),
            std::numeric_limits<double>::quiet_NaN());
  Product(plan).fast(batch, a.data(), b.data(), y.data(), alpha, Into::fresh);
  return y;
}

template <typename S>
std::vector<S> ordered(const ProductPlan& plan, const std::vector<S>& a, const std::vector<S>& b,
                       Sums order = Sums::natural, std::int64_t batch = 1) {
  std::vector<S> y(static_cast<std::size_t>(batch * plan.point_stride_y()));
  Product(plan).ordered(batch, a.data(), b.data(), y.data(), order);
  return y;
}

struct Gradient {
  Numbers a, b;
};
/// Gradients of both operands, from 0.
Gradient pull(const ProductPlan& plan, const Numbers& a, const Numbers& b, const Numbers& gy,
              double alpha = 1.0, std::int64_t batch = 1) {
  Gradient g{Numbers(a.size()), Numbers(b.size())};
  Product(plan).pull(batch, a.data(), b.data(), gy.data(), g.a.data(), g.b.data(), alpha);
  return g;
}

/// One node with two inputs of these shapes.
struct OneNode {
  OneNode(const Shape& a, const Shape& b) {
    network.values = {{"a", DataType::float32, a, std::nullopt},
                      {"b", DataType::float32, b, std::nullopt}};
  }
  void make_second_constant() {
    Value& b = network.values[1];
    b.constant = Tensor{b.shape, std::vector<float>(static_cast<std::size_t>(b.size()))};
  }
  Network network;
  Node node{OpKind{}, "n", 18, {ValueId{0}, ValueId{1}}, {}, {}};
};

template <class Body>
std::string error_of(const Body& body) {
  try {
    body();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

TEST(MatmulShape, VectorsLoseTheirAxis) {
  EXPECT_EQ(matmul_shape({2, 3}, {3, 4}), (Shape{2, 4}));
  EXPECT_EQ(matmul_shape({3}, {3, 4}), Shape{4});
  EXPECT_EQ(matmul_shape({2, 3}, {3}), Shape{2});
  EXPECT_EQ(matmul_shape({3}, {3}), Shape{});
  EXPECT_EQ(matmul_shape({5, 2, 3}, {3}), (Shape{5, 2}));
  EXPECT_EQ(matmul_shape({2, 0}, {0, 3}), (Shape{2, 3}));
}

TEST(MatmulShape, LeadingAxesBroadcast) {
  EXPECT_EQ(matmul_shape({5, 1, 2, 3}, {4, 3, 2}), (Shape{5, 4, 2, 2}));
  EXPECT_EQ(matmul_shape({3}, {7, 3, 2}), (Shape{7, 2}));
}

TEST(MatmulShape, RefusesWhatDoesNotFit) {
  EXPECT_EQ(error_of([] { matmul_shape({2, 3}, {4, 2}); }), "shapes [2,3] and [4,2] do not fit");
  EXPECT_EQ(error_of([] { matmul_shape({2, 1, 1}, {3, 1, 1}); }), "shapes [2] and [3] do not fit");
  EXPECT_EQ(error_of([] { matmul_shape({}, {3}); }), "an operand is a scalar");
  EXPECT_EQ(error_of([] { matmul_shape({3}, {}); }), "an operand is a scalar");
}

TEST(PlanMatmul, SaysWhereEveryMatrixBegins) {
  OneNode one({2, 1, 2, 3}, {5, 3, 4});
  one.make_second_constant();
  const ProductPlan plan = plan_matmul(one.network, one.node);
  EXPECT_EQ(plan.m, 2);
  EXPECT_EQ(plan.k, 3);
  EXPECT_EQ(plan.n, 4);
  EXPECT_EQ(plan.offset_a, (Integers{0, 0, 0, 0, 0, 6, 6, 6, 6, 6}));
  EXPECT_EQ(plan.offset_b, (Integers{0, 12, 24, 36, 48, 0, 12, 24, 36, 48}));
  EXPECT_EQ(plan.point_stride_a, 12);
  EXPECT_EQ(plan.point_stride_b, 0);
  EXPECT_EQ(plan.matrices(), 10);
  EXPECT_EQ(plan.point_stride_y(), 80);
}

TEST(PlanMatmul, AVectorIsARowOrAColumn) {
  const OneNode row({3}, {3, 4}), column({2, 3}, {3});
  EXPECT_EQ(plan_matmul(row.network, row.node).m, 1);
  EXPECT_EQ(plan_matmul(row.network, row.node).n, 4);
  EXPECT_EQ(plan_matmul(column.network, column.node).m, 2);
  EXPECT_EQ(plan_matmul(column.network, column.node).n, 1);
  EXPECT_EQ(plan_matmul(column.network, column.node).offset_b, Integers{0});
}

TEST(PlanGemm, ReadsTranspositions) {
  OneNode one({3, 2}, {4, 3});
  one.node.attributes = {{"transA", std::int64_t{1}}, {"transB", std::int64_t{1}}};
  const ProductPlan plan = plan_gemm(one.network, one.node);
  EXPECT_EQ(plan.m, 2);
  EXPECT_EQ(plan.k, 3);
  EXPECT_EQ(plan.n, 4);
  EXPECT_EQ(plan.transpose_a, Transpose::yes);
  EXPECT_EQ(plan.transpose_b, Transpose::yes);
  EXPECT_EQ(plan.point_stride_a, 6);
  EXPECT_EQ(plan.point_stride_b, 12);
  one.node.attributes.clear();
  EXPECT_EQ(error_of([&] { plan_gemm(one.network, one.node); }),
            "operands [3,2] and [4,3] do not fit");
}

TEST(PlanGemm, RefusesWhatIsNoMatrix) {
  const OneNode one({2, 3, 1}, {3, 4});
  EXPECT_EQ(error_of([&] { plan_gemm(one.network, one.node); }),
            "operands [2,3,1] and [3,4] are not matrices");
}

TEST(Product, MultipliesHoweverOperandsAreStored) {
  const Transpose no = Transpose::no, yes = Transpose::yes;
  EXPECT_EQ(fast(plan_of_example(no, no), kA, kB), kY);
  EXPECT_EQ(fast(plan_of_example(yes, no), kATransposed, kB), kY);
  EXPECT_EQ(fast(plan_of_example(no, yes), kA, kBTransposed), kY);
  EXPECT_EQ(fast(plan_of_example(yes, yes), kATransposed, kBTransposed), kY);
  EXPECT_EQ(ordered(plan_of_example(no, no), kA, kB), kY);
  EXPECT_EQ(ordered(plan_of_example(yes, no), kATransposed, kB), kY);
  EXPECT_EQ(ordered(plan_of_example(no, yes), kA, kBTransposed), kY);
  EXPECT_EQ(ordered(plan_of_example(yes, yes), kATransposed, kBTransposed), kY);
}

TEST(Product, IsScaledAndAddedWhereAsked) {
  EXPECT_EQ(fast(plan_of_example(), kA, kB, 1, 2.0), (Numbers{8, 10, 20, 22}));
  Numbers y = {100, 200, 300, 400};
  Product(plan_of_example()).fast(1, kA.data(), kB.data(), y.data(), -1.0, Into::sum);
  EXPECT_EQ(y, (Numbers{96, 195, 290, 389}));
}

TEST(Product, RowsOfAllPointsAreOneProductWithAConstant) {
  ProductPlan plan = plan_of_example();
  plan.point_stride_b = 0;
  Numbers a = kA;
  a.insert(a.end(), {0, 0, 1, 1, 0, 0});
  EXPECT_EQ(fast(plan, a, kB, 2), (Numbers{4, 5, 10, 11, 1, 1, 1, 0}));
  EXPECT_EQ(ordered(plan, a, kB, Sums::natural, 2), (Numbers{4, 5, 10, 11, 1, 1, 1, 0}));
  plan.transpose_b = Transpose::yes;
  EXPECT_EQ(fast(plan, a, kBTransposed, 2), (Numbers{4, 5, 10, 11, 1, 1, 1, 0}));
}

TEST(Product, ColumnsOfAllPointsAreOneProductWithAConstant) {
  const Numbers points = {1, 0, 1, 0, 1, 1};  // the columns of B
  EXPECT_EQ(fast(plan_of_columns(), kA, points, 2), (Numbers{4, 10, 5, 11}));
  EXPECT_EQ(fast(plan_of_columns(Transpose::yes), kATransposed, points, 2),
            (Numbers{4, 10, 5, 11}));
  EXPECT_EQ(ordered(plan_of_columns(), kA, points, Sums::natural, 2), (Numbers{4, 10, 5, 11}));
}

TEST(Product, AVectorIsItsOwnTranspose) {
  ProductPlan plan;
  plan.k = 3;
  plan.transpose_a = plan.transpose_b = Transpose::yes;
  const Product product(plan);
  EXPECT_EQ(product.plan().transpose_a, Transpose::no);
  EXPECT_EQ(product.plan().transpose_b, Transpose::no);
  EXPECT_EQ(fast(plan, {1, 2, 3}, {4, 5, 6}), Numbers{32});
}

TEST(Product, AMatrixThatRepeatsIsReadAgain) {
  ProductPlan plan;
  plan.offset_a = {0, 0};
  plan.offset_b = {0, 1};
  plan.point_stride_a = 1;
  plan.point_stride_b = 2;
  EXPECT_EQ(fast(plan, {3, 4}, {5, 7, 1, 2}, 2), (Numbers{15, 21, 4, 8}));
  const Gradient g = pull(plan, {3, 4}, {5, 7, 1, 2}, {1, 1, 1, 10}, 1.0, 2);
  EXPECT_EQ(g.a, (Numbers{12, 21}));
  EXPECT_EQ(g.b, (Numbers{3, 3, 4, 40}));
}

TEST(Product, SumsAreTakenInTheOrderAskedFor) {
  ProductPlan plan;
  plan.k = 3;
  const std::vector<float> a = {1.0F, 0x1p-24F, 0x1p-24F}, ones(3, 1.0F);
  EXPECT_EQ(ordered(plan, a, ones, Sums::natural)[0], 1.0F);
  EXPECT_EQ(ordered(plan, a, ones, Sums::reversed)[0], 1.0F + 0x1p-23F);
  EXPECT_EQ(ordered(plan, a, ones, Sums::blocked)[0], 1.0F);
}

TEST(Product, IntegersWrapAround) {
  const std::int64_t most = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(ordered<std::int64_t>({}, {most}, {2}), Integers{-2});
}

TEST(Product, EnclosuresCarryTheirErrors) {
  const double infinity = std::numeric_limits<double>::infinity();
  const Enclosed y = ordered<Enclosed>({}, {Enclosed(3.0, 0.5)}, {Enclosed(-2.0)})[0];
  EXPECT_EQ(y.value, -6.0);
  EXPECT_GE(y.error, 1.0);
  EXPECT_LE(y.error, 1.0 + 1e-12);
  EXPECT_EQ(ordered<Enclosed>({}, {Enclosed(infinity)}, {Enclosed(1.0)})[0].error, infinity);
}

// gY = 1 2  gives  gA = gY B^T = 1 2 3  and  gB = A^T gY = 13 18
//      3 4                       3 4 7                     17 24
//                                                          21 30
TEST(Product, GradientsAreStoredAsOperandsAre) {
  const Transpose no = Transpose::no, yes = Transpose::yes;
  const Numbers gy = {1, 2, 3, 4};
  const Numbers ga = {1, 2, 3, 3, 4, 7}, ga_transposed = {1, 3, 2, 4, 3, 7};
  const Numbers gb = {13, 18, 17, 24, 21, 30}, gb_transposed = {13, 17, 21, 18, 24, 30};
  EXPECT_EQ(pull(plan_of_example(no, no), kA, kB, gy).a, ga);
  EXPECT_EQ(pull(plan_of_example(no, no), kA, kB, gy).b, gb);
  EXPECT_EQ(pull(plan_of_example(yes, no), kATransposed, kB, gy).a, ga_transposed);
  EXPECT_EQ(pull(plan_of_example(yes, no), kATransposed, kB, gy).b, gb);
  EXPECT_EQ(pull(plan_of_example(no, yes), kA, kBTransposed, gy).a, ga);
  EXPECT_EQ(pull(plan_of_example(no, yes), kA, kBTransposed, gy).b, gb_transposed);
  EXPECT_EQ(pull(plan_of_example(yes, yes), kATransposed, kBTransposed, gy).a, ga_transposed);
  EXPECT_EQ(pull(plan_of_example(yes, yes), kATransposed, kBTransposed, gy).b, gb_transposed);
}

TEST(Product, GradientsAreScaledAndAdded) {
  Numbers ga(6, 10.0), gb(6, 20.0);
  const Numbers gy = {1, 2, 3, 4};
  const Product product(plan_of_example());
  product.pull(1, kA.data(), kB.data(), gy.data(), ga.data(), static_cast<double*>(nullptr), 2.0);
  EXPECT_EQ(ga, (Numbers{12, 14, 16, 16, 18, 24}));
  product.pull(1, kA.data(), kB.data(), gy.data(), static_cast<double*>(nullptr), gb.data(), 2.0);
  EXPECT_EQ(gb, (Numbers{46, 56, 54, 68, 62, 80}));
}

TEST(Product, GradientsOfMergedPointsStandApart) {
  ProductPlan rows = plan_of_example();
  rows.point_stride_b = 0;
  Numbers ga(12);
  const Numbers a(12), gy = {1, 2, 3, 4, 0, 0, 1, 0};
  Product(rows).pull(2, a.data(), kB.data(), gy.data(), ga.data(), static_cast<double*>(nullptr),
                     1.0);
  EXPECT_EQ(ga, (Numbers{1, 2, 3, 3, 4, 7, 0, 0, 0, 1, 0, 1}));
  const Numbers x(6), g = {1, 1, 1, -1};
  for (const Transpose t : {Transpose::no, Transpose::yes}) {
    Numbers gx(6);
    Product(plan_of_columns(t))
        .pull(2, t == Transpose::no ? kA.data() : kATransposed.data(), x.data(), g.data(),
              static_cast<double*>(nullptr), gx.data(), 1.0);
    EXPECT_EQ(gx, (Numbers{5, 7, 9, -3, -3, -3}));
  }
}

}  // namespace
}  // namespace clipbound::test
