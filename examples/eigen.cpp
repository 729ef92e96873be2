// Idea: the library with Eigen's types: a linear system whose controller is a network. Where is it
// after one step?
// Source: own.
// Guarantees: what is printed as proved was proved.
//
// The mass of reachability.cpp: state s = (position, speed), s' = A s + B u with u = -2 p - 3 v cut
// at 4 in either direction. The next state is a network of s too: blocks of matrices put the
// controller's layers and the system together, and the identity is relu(s) - relu(-s).
#include <clipbound/clipbound.h>
#include <clipbound/eigen.h>

#include <iostream>

namespace {

namespace eigen = clipbound::eigen;
using Eigen::MatrixXd;
using Eigen::VectorXd;

/// s -> s'.
clipbound::Network make_step() {
  const MatrixXd A = (MatrixXd(2, 2) << 1, 0.1, 0, 1).finished();
  const VectorXd B = Eigen::Vector2d(0.005, 0.1);
  // u = relu(z + 4) - relu(z - 4) - 4 with z = K s.
  const MatrixXd K = (MatrixXd(1, 2) << -2, -3).finished();
  MatrixXd first(6, 2), second(2, 6);
  first << K, K, MatrixXd::Identity(2, 2), -MatrixXd::Identity(2, 2);
  second << B, -B, A, -A;
  VectorXd offset = VectorXd::Zero(6);
  offset.head(2) << 4, -4;
  return eigen::ChainBuilder<double>(2).affine(first, offset).relu().affine(second, -4 * B).build();
}

/// Is C s' <= d for every s of the box?
clipbound::Result ask(const clipbound::Network& step, const eigen::Box& box, const MatrixXd& C,
                      const VectorXd& d) {
  clipbound::Query query(step.input_size(), step.output_size());
  eigen::add_violation(query, box, C, d);
  return clipbound::solve(step, query, clipbound::OptionFields{.time_limit_s = 60, .threads = 1});
}

}  // namespace

int main() {
  const clipbound::Network step = make_step();
  const eigen::Box box = eigen::Box::around(VectorXd::Zero(2), 1.0);
  const eigen::Bounds next = eigen::bounds_of(step, box);
  std::cout << "one step later: from " << next.lower.transpose() << " to " << next.upper.transpose()
            << "\n";

  // |position| <= 1.1 and |speed| <= 0.95: the least that holds are 1.08 and 0.9.
  MatrixXd C(4, 2);
  C << MatrixXd::Identity(2, 2), -MatrixXd::Identity(2, 2);
  const Eigen::Vector2d limits(1.1, 0.95), slower(0, 0.1);
  const clipbound::Result proved = ask(step, box, C, limits.replicate(2, 1));
  std::cout << "C s' <= d: " << clipbound::name_of(proved.verdict) << "\n";

  // A speed of at most 0.85 does not hold.
  const auto found = eigen::counterexample(ask(step, box, C, (limits - slower).replicate(2, 1)));
  if (!found) return 1;
  std::cout << "too fast: from " << found->input.transpose() << " to " << found->output.transpose()
            << "\n";
  return proved.verdict == clipbound::Verdict::unsat && std::abs(found->output[1]) > 0.85 ? 0 : 1;
}
