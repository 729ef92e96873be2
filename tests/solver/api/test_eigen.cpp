// clipbound/eigen.h: what goes in comes out, whatever the storage or the expression; wrong sizes
// are named; a network of matrices is the one that from_layers() builds.
#include <clipbound/clipbound.h>
#include <clipbound/eigen.h>
#include <gtest/gtest.h>

#include <random>

namespace {

namespace eigen = clipbound::eigen;
using clipbound::InputError;
using clipbound::Network;
using clipbound::Query;
using clipbound::Verdict;
using Eigen::MatrixXd;
using Eigen::MatrixXf;
using Eigen::VectorXd;
using Eigen::VectorXf;
using RowMajorXf = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

/// The message of the InputError that `call` throws; empty where it throws none.
template <typename Call>
std::string message_of(Call call) {
  try {
    call();
  } catch (const InputError& error) {
    return error.what();
  }
  return "";
}

struct Weights {
  std::vector<MatrixXf> W;
  std::vector<VectorXf> b;
};

Weights random_weights(unsigned seed, const std::vector<int>& sizes) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal;
  const auto draw = [&] { return normal(random); };
  Weights weights;
  for (std::size_t k = 0; k + 1 < sizes.size(); ++k) {
    weights.W.emplace_back(MatrixXf::NullaryExpr(sizes[k + 1], sizes[k], draw));
    weights.b.emplace_back(VectorXf::NullaryExpr(sizes[k + 1], draw));
  }
  return weights;
}

Network ordinary(const Weights& weights, std::size_t inputs) {
  std::vector<clipbound::DenseLayer> layers;
  for (std::size_t k = 0; k < weights.W.size(); ++k) {
    clipbound::DenseLayer& layer = layers.emplace_back();
    for (Eigen::Index i = 0; i < weights.W[k].rows(); ++i) {
      for (Eigen::Index j = 0; j < weights.W[k].cols(); ++j)
        layer.weights.push_back(weights.W[k](i, j));
      layer.bias.push_back(weights.b[k][i]);
    }
    layer.relu = k + 1 < weights.W.size();
  }
  return Network::from_layers(inputs, layers);
}

/// y = |x0 + x1|.
Network absolute_sum() {
  const MatrixXf first = (MatrixXf(2, 2) << 1, 1, -1, -1).finished();
  return eigen::ChainBuilder<float>(2)
      .affine(first, VectorXf::Zero(2))
      .relu()
      .affine(MatrixXf::Ones(1, 2), VectorXf::Zero(1))
      .build();
}

TEST(Eigen, NetworksAreThoseOfTheOrdinaryBuilder) {
  const Weights weights = random_weights(1, {5, 17, 9, 3});
  const Network expected = ordinary(weights, 5);
  std::vector<RowMajorXf> by_rows(weights.W.begin(), weights.W.end());
  std::vector<Eigen::SparseMatrix<float>> sparse;
  for (const MatrixXf& W : weights.W) sparse.emplace_back(W.sparseView());
  const Network networks[] = {eigen::network_of(weights.W, weights.b),
                              eigen::network_of(by_rows, weights.b, "Relu"),
                              eigen::network_of(sparse, weights.b)};
  const MatrixXd X = MatrixXd::Random(40, 5);
  const MatrixXd Y = eigen::evaluate_rows(expected, X);
  for (const Network& network : networks) {
    EXPECT_FALSE(network.is_float64());
    EXPECT_TRUE(eigen::evaluate_rows(network, X) == Y);
    EXPECT_TRUE(eigen::evaluate(network, X.row(7)) == Y.row(7).transpose());
  }
  const eigen::Box box{VectorXd::Constant(5, -0.1), VectorXd::Constant(5, 0.2)};
  const eigen::Bounds ours = eigen::bounds_of(networks[0], box);
  const clipbound::Bounds theirs =
      clipbound::bounds_of(expected, std::vector<double>(5, -0.1), std::vector<double>(5, 0.2));
  EXPECT_EQ(std::vector<double>(ours.lower.data(), ours.lower.data() + 3), theirs.lower);
  EXPECT_EQ(std::vector<double>(ours.upper.data(), ours.upper.data() + 3), theirs.upper);
}

TEST(Eigen, NetworksOfDoublesComputeInDoubles) {
  const std::vector<MatrixXd> W{MatrixXd::Constant(1, 2, 0.1)};
  const std::vector<Eigen::RowVectorXd> b{Eigen::RowVectorXd::Constant(1, 1e-12)};
  const Network network = eigen::network_of(W, b);
  EXPECT_TRUE(network.is_float64());
  EXPECT_NEAR(eigen::evaluate(network, Eigen::Vector2d(1, 2))[0], 0.3 + 1e-12, 1e-15);
}

TEST(Eigen, AnyActivationAndExpressionsAsWeights) {
  const MatrixXf W = (MatrixXf(2, 3) << 1, 2, 3, 4, 5, 6).finished();
  const VectorXf b = VectorXf::Constant(2, 0.5F);
  eigen::ChainBuilder<float> chain(3);
  EXPECT_EQ(chain.size(), 3u);
  chain.affine(W - 2.0F * W, b + b).apply("LeakyRelu", {{"alpha", 0.5}});
  EXPECT_EQ(chain.size(), 2u);
  const Network network =
      chain.affine((W * W.transpose()).topRows(1), b.head(1).array() * 2.0F).build();
  // z = (-6 + 1, -15 + 1), halved below 0; W W^T = (14 32; 32 77).
  EXPECT_EQ(eigen::evaluate(network, VectorXd::Ones(3))[0], 14 * -2.5 + 32 * -7.0 + 1);
  EXPECT_THROW(chain.build(), InputError);  // empty again
  const float numbers[] = {1, 2, 3, 4, 5, 6};
  const Network mapped = eigen::ChainBuilder<float>(3)
                             .affine(Eigen::Map<const RowMajorXf>(numbers, 2, 3), b)
                             .apply("Sigmoid")
                             .build();
  EXPECT_EQ(mapped.output_size(), 2u);
  EXPECT_THROW(eigen::ChainBuilder<float>(3).apply("NoSuchOperator"), clipbound::Unsupported);
}

TEST(Eigen, ConstantsOfGraphs) {
  clipbound::GraphBuilder graph;
  const auto x = graph.input("x", {1, 2});
  const MatrixXf W = (MatrixXf(2, 3) << 1, 2, 3, 4, 5, 6).finished();
  const auto w = eigen::constant(graph, W);
  const auto b = eigen::constant(graph, VectorXf::Ones(3));
  EXPECT_EQ(graph.shape(w), (std::vector<std::int64_t>{2, 3}));
  EXPECT_EQ(graph.shape(b), (std::vector<std::int64_t>{3}));
  graph.output(graph.add("Add", {graph.add("MatMul", {x, w}), b}));
  EXPECT_TRUE(eigen::evaluate(graph.build(), Eigen::Vector2d(1, 10)) ==
              Eigen::Vector3d(42, 53, 64));
}

TEST(Eigen, VectorsOfAnyKind) {
  const Network network = absolute_sum();
  const VectorXd a = Eigen::Vector2d(0.25, -1), b = Eigen::Vector2d(1, 1);
  const Eigen::Ref<const VectorXd> ref = a;
  const MatrixXd columns = (MatrixXd(2, 2) << 0.25, 9, -1, 9).finished();
  const double numbers[] = {0.25, 7, -1, 7};
  const Eigen::Map<const VectorXd, 0, Eigen::InnerStride<2>> strided(numbers, 2);
  EXPECT_EQ(eigen::evaluate(network, a)[0], 0.75);
  EXPECT_EQ(eigen::evaluate(network, ref)[0], 0.75);
  EXPECT_EQ(eigen::evaluate(network, columns.col(0))[0], 0.75);
  EXPECT_EQ(eigen::evaluate(network, strided)[0], 0.75);
  EXPECT_EQ(eigen::evaluate(network, a.transpose())[0], 0.75);
  EXPECT_EQ(eigen::evaluate(network, a.array())[0], 0.75);
  EXPECT_EQ(eigen::evaluate(network, a.cast<float>())[0], 0.75);
  EXPECT_EQ(eigen::evaluate(network, Eigen::Vector2i(-3, 1))[0], 2);
  EXPECT_EQ(eigen::evaluate(network, a + b)[0], 1.25);
  EXPECT_EQ(eigen::evaluate(network, columns * Eigen::Vector2d(1, 0))[0], 0.75);
}

TEST(Eigen, BoxesAroundPointsEncloseThem) {
  const eigen::Box whole = eigen::Box::around(Eigen::Vector2d(1, -2), 0.5);
  EXPECT_TRUE(whole.lower == Eigen::Vector2d(0.5, -2.5));  // exact: not rounded
  EXPECT_TRUE(whole.upper == Eigen::Vector2d(1.5, -1.5));
  const eigen::Box rounded = eigen::Box::around(Eigen::Vector2d(1, 1), Eigen::Vector2d(1e-30, 0));
  EXPECT_LT(rounded.lower[0], 1.0);
  EXPECT_GT(rounded.upper[0], 1.0);
  EXPECT_EQ(rounded.upper[0], std::nextafter(1.0, 2.0));
  EXPECT_EQ(rounded.lower[1], 1.0);
  EXPECT_EQ(rounded.upper[1], 1.0);
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> uniform(0.0, 1.0);
  for (int trial = 0; trial < 10000; ++trial) {
    const double c = uniform(random) - 0.5, r = std::ldexp(uniform(random), -trial % 60);
    const eigen::Box box = eigen::Box::around(Eigen::Matrix<double, 1, 1>(c), r);
    // long double holds 64 bits: enough to see on which side of the exact sum the end is.
    EXPECT_LE(static_cast<long double>(box.lower[0]), static_cast<long double>(c) - r);
    EXPECT_GE(static_cast<long double>(box.upper[0]), static_cast<long double>(c) + r);
    EXPECT_LE(box.upper[0], std::nextafter(c + r, 2.0));
  }
}

TEST(Eigen, RowsAreThoseOfTheMatrix) {
  const MatrixXd C = (MatrixXd(2, 3) << 1, 0, -2, 0, 3, 0).finished();
  const Eigen::SparseMatrix<double> sparse = C.sparseView();
  const Eigen::SparseMatrix<double, Eigen::RowMajor> by_rows = sparse;
  const Eigen::Vector2d d(4, 5);
  for (const auto& rows :
       {eigen::rows(C, d, eigen::Relation::below), eigen::rows(sparse, d, eigen::Relation::below),
        eigen::rows(by_rows, d, eigen::Relation::below)}) {
    ASSERT_EQ(rows.size(), 2u);
    ASSERT_EQ(rows[0].terms.size(), 2u);
    EXPECT_EQ(rows[0].terms[1].index, 2u);
    EXPECT_EQ(rows[0].terms[1].coefficient, -2);
    EXPECT_EQ(rows[0].threshold, 4);
    EXPECT_TRUE(rows[0].strict);
    ASSERT_EQ(rows[1].terms.size(), 1u);
    EXPECT_EQ(rows[1].terms[0].index, 1u);
  }
  const auto both = eigen::rows_with_inputs(C, Eigen::Matrix2i::Identity(), d);
  ASSERT_EQ(both[1].terms.size(), 2u);
  EXPECT_FALSE(both[1].strict);
  EXPECT_EQ(both[1].terms[1].of, clipbound::Term::Of::input);
  EXPECT_EQ(both[1].terms[1].index, 1u);
}

/// y = |x0 + x1| on [-1, 1]^2: its values are [0, 2].
TEST(Eigen, VerdictsKnownByHand) {
  const Network network = absolute_sum();
  const eigen::Box box = eigen::Box::around(VectorXd::Zero(2), 1.0);
  const MatrixXd upper = MatrixXd::Ones(1, 1);
  const MatrixXd both = (MatrixXd(2, 1) << 1, -1).finished();
  const auto verdict_of = [&](auto add) {
    Query query(2, 1);
    add(query);
    return clipbound::solve(network, query, clipbound::OptionFields{.threads = 1}).verdict;
  };
  // Always 0 <= y <= 2, and sometimes more than 1.75.
  EXPECT_EQ(verdict_of(
                [&](Query& q) { eigen::add_violation(q, box, both, Eigen::Vector2d(2.25, 0.25)); }),
            Verdict::unsat);
  EXPECT_EQ(verdict_of(
                [&](Query& q) { eigen::add_violation(q, box, both, Eigen::Vector2d(1.75, 0.25)); }),
            Verdict::sat);
  // y <= -0.5 and y >= -1; y <= -0.5 or y >= 1.
  EXPECT_EQ(
      verdict_of([&](Query& q) { eigen::add_conjunction(q, box, both, Eigen::Vector2d(-0.5, 1)); }),
      Verdict::unsat);
  EXPECT_EQ(verdict_of(
                [&](Query& q) { eigen::add_disjunction(q, box, both, Eigen::Vector2d(-0.5, -1)); }),
            Verdict::sat);
  // y - x0 <= -1.5: no, for y >= 0 and x0 <= 1.
  EXPECT_EQ(verdict_of([&](Query& q) {
              eigen::add_clause(q, box,
                                eigen::rows_with_inputs(upper, Eigen::RowVector2d(-1, 0),
                                                        Eigen::Matrix<double, 1, 1>(-1.5)));
            }),
            Verdict::unsat);
}

TEST(Eigen, StrictnessDecidesAtTheEdge) {
  // y = x on [0, 1]: y <= 0 is reached, y < 0 is not (whether bounds can prove that is not asked).
  const std::vector<MatrixXf> W{MatrixXf::Identity(1, 1)};
  const std::vector<VectorXf> b{VectorXf::Zero(1)};
  const Network network = eigen::network_of(W, b);
  const eigen::Box box = eigen::Box::between(VectorXd::Zero(1), VectorXd::Ones(1));
  for (const auto relation : {eigen::Relation::at_most, eigen::Relation::below}) {
    Query query(1, 1);
    eigen::add_conjunction(query, box, MatrixXd::Identity(1, 1), VectorXd::Zero(1), relation);
    const clipbound::Result result =
        clipbound::solve(network, query, clipbound::OptionFields{.time_limit_s = 10, .threads = 1});
    const bool reached = relation == eigen::Relation::at_most;
    EXPECT_EQ(result.verdict == Verdict::sat, reached);
    const auto found = eigen::counterexample(result);
    ASSERT_EQ(found.has_value(), reached);
    if (found) {
      EXPECT_TRUE(found->input == VectorXd::Zero(1));
      EXPECT_TRUE(found->output == VectorXd::Zero(1));
    }
  }
}

TEST(Eigen, BoundsAndLinesHold) {
  const Network network =
      eigen::network_of(random_weights(4, {3, 8, 2}).W, random_weights(4, {3, 8, 2}).b);
  const eigen::Box box = eigen::Box::around(VectorXd::Constant(3, 0.2), 0.3);
  const clipbound::Bounder bounder = eigen::bounder(network, box);
  const eigen::Bounds bounds = eigen::bounds(bounder, box, {.linear = true});
  ASSERT_EQ(bounds.linear.lower_A.rows(), 2);
  ASSERT_EQ(bounds.linear.lower_A.cols(), 3);
  const clipbound::Bounds plain = clipbound::bounds_of(
      network, std::vector<double>(box.lower.begin(), box.lower.end()),
      std::vector<double>(box.upper.begin(), box.upper.end()), {.linear = true});
  EXPECT_EQ(bounds.linear.upper_A(1, 0), plain.linear.upper_A[3]);
  for (int trial = 0; trial < 200; ++trial) {
    const VectorXd share = 0.5 * (VectorXd::Random(3).array() + 1.0);
    const VectorXd x = box.lower + share.cwiseProduct(box.upper - box.lower);
    const VectorXd y = eigen::evaluate(network, x.cast<float>());
    constexpr double kFloat32 = 1e-4;
    const VectorXd low = bounds.linear.lower_A * x + bounds.linear.lower_b,
                   high = bounds.linear.upper_A * x + bounds.linear.upper_b;
    EXPECT_TRUE((y.array() >= bounds.lower.array() - kFloat32).all());
    EXPECT_TRUE((y.array() <= bounds.upper.array() + kFloat32).all());
    EXPECT_TRUE((y.array() >= low.array() - kFloat32).all());
    EXPECT_TRUE((y.array() <= high.array() + kFloat32).all());
  }
  EXPECT_EQ(eigen::bounds_of(network, box).linear.lower_A.size(), 0);
  EXPECT_EQ(eigen::bounds_of(network.up_to("0"), box).lower.size(),
            8);  // the first layer's neurons
}

TEST(Eigen, RobustnessTakesAnyVector) {
  // Label 0 while x0 > x1.
  const std::vector<MatrixXf> W{MatrixXf::Identity(2, 2)};
  const std::vector<VectorXf> b{VectorXf::Zero(2)};
  const auto found =
      eigen::robustness(eigen::network_of(W, b), Eigen::RowVector2d(1, 0), 0, {.tolerance = 0.01});
  EXPECT_LE(found.robust_radius, 0.5);
  EXPECT_GE(found.robust_radius, 0.48);
}

TEST(Eigen, WrongSizesAreNamed) {
  const MatrixXf W = MatrixXf::Ones(2, 3);
  const VectorXf two = VectorXf::Zero(2), three = VectorXf::Zero(3);
  eigen::ChainBuilder<float> chain(3);
  EXPECT_NE(message_of([&] {
              chain.affine(W, three);
            }).find("the bias of layer 0 has size 3, expected 2"),
            std::string::npos);
  EXPECT_NE(message_of([&] { chain.affine(W.transpose(), three); }).find("3 x 2, expected"),
            std::string::npos);
  EXPECT_THROW(chain.affine(W, W), InputError);
  EXPECT_EQ(chain.size(), 3u);
  EXPECT_EQ(chain.affine(W, two).build().output_size(), 2u);  // as if nothing had been tried
  EXPECT_THROW(eigen::network_of(std::vector<MatrixXf>{W}, std::vector<VectorXf>{}), InputError);
  EXPECT_THROW(eigen::network_of(std::vector<MatrixXf>{}, std::vector<VectorXf>{}), InputError);
  EXPECT_THROW(eigen::ChainBuilder<float>(0), InputError);

  const Network network = absolute_sum();
  EXPECT_EQ(message_of([&] { eigen::evaluate(network, VectorXd::Ones(3)); }),
            "x has size 3, expected 2: the network's inputs");
  EXPECT_THROW(eigen::evaluate(network, MatrixXd::Ones(2, 2)), InputError);
  EXPECT_THROW(eigen::evaluate_rows(network, MatrixXd::Ones(2, 3)), InputError);
  EXPECT_NE(message_of([] {
              eigen::Box::between(VectorXd::Zero(2), VectorXd::Ones(3));
            }).find("upper has size 3, expected 2"),
            std::string::npos);
  EXPECT_NE(message_of([] {
              eigen::Box::around(VectorXd::Zero(2), VectorXd::Ones(1));
            }).find("radius has size 1, expected 2"),
            std::string::npos);

  Query query(2, 1);
  const eigen::Box box = eigen::Box::around(VectorXd::Zero(2), 1.0);
  const VectorXd d = VectorXd::Ones(1);
  EXPECT_NE(message_of([&] {
              eigen::add_conjunction(query, box, MatrixXd::Ones(1, 2), d);
            }).find("C is 1 x 2, expected 1 columns"),
            std::string::npos);
  EXPECT_THROW(eigen::add_violation(query, box, MatrixXd::Ones(2, 1), d), InputError);
  EXPECT_THROW(eigen::rows_with_inputs(MatrixXd::Ones(1, 1), MatrixXd::Ones(2, 2), d), InputError);
  const eigen::Box wide = eigen::Box::around(VectorXd::Zero(3), 1.0);
  EXPECT_THROW(eigen::add_conjunction(query, wide, MatrixXd::Ones(1, 1), d), InputError);
  EXPECT_THROW(eigen::bounds_of(network, wide), InputError);
  EXPECT_EQ(query.clause_count(), 0u);
}

TEST(Eigen, WrongNumbersAreRefusedAndChangeNothing) {
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  eigen::ChainBuilder<float> chain(2);
  MatrixXf W = MatrixXf::Ones(2, 2);
  W(1, 0) = static_cast<float>(nan);
  EXPECT_NE(message_of([&] { chain.affine(W, VectorXf::Zero(2)); }).find("row 1, column 0"),
            std::string::npos);
  EXPECT_THROW(
      chain.affine(MatrixXf::Ones(2, 2), VectorXf::Constant(2, static_cast<float>(infinity))),
      InputError);
  EXPECT_THROW(eigen::Box::between(Eigen::Vector2d(0, nan), Eigen::Vector2d(1, 1)), InputError);
  EXPECT_THROW(eigen::Box::between(Eigen::Vector2d(0, 0), Eigen::Vector2d(1, infinity)),
               InputError);
  EXPECT_THROW(eigen::Box::between(Eigen::Vector2d(0, 2), Eigen::Vector2d(1, 1)), InputError);
  EXPECT_THROW(eigen::Box::around(Eigen::Vector2d(0, 0), -1.0), InputError);
  EXPECT_THROW(eigen::Box::around(Eigen::Vector2d(0, 0), nan), InputError);

  Query query(2, 1);
  const eigen::Box box = eigen::Box::around(VectorXd::Zero(2), 1.0);
  // The second row is wrong: the first one's clause is not added either.
  const MatrixXd zero = (MatrixXd(2, 1) << 1, 0).finished();
  EXPECT_NE(message_of([&] {
              eigen::add_disjunction(query, box, zero, VectorXd::Ones(2));
            }).find("row 1 of C"),
            std::string::npos);
  EXPECT_THROW(
      eigen::add_disjunction(query, box, MatrixXd::Ones(2, 1), Eigen::Vector2d(1, infinity)),
      InputError);
  EXPECT_THROW(eigen::add_violation(query, box, MatrixXd::Constant(1, 1, nan), VectorXd::Ones(1)),
               InputError);
  EXPECT_EQ(query.clause_count(), 0u);
  eigen::add_disjunction(query, box, MatrixXd::Ones(2, 1), VectorXd::Ones(2));
  EXPECT_EQ(query.clause_count(), 2u);
  const eigen::Box again = eigen::Box::of(query, 1);
  EXPECT_TRUE(again.lower == box.lower && again.upper == box.upper);
  EXPECT_THROW(eigen::Box::of(query, 2), InputError);
}

}  // namespace
