#pragma once
// Idea: Clipbound as a library: is there an input of a box at which a neural network's outputs
// satisfy given inequalities?
// Source: Zhou et al., Clip-and-Verify, NeurIPS 2025; docs/architecture.md says what differs.
// Guarantees: the verdicts below; docs/soundness.md says why they are true.
//
// A worked example. The network computes y = |x0 + x1| from two ReLUs; the question is whether y
// reaches 1.5 on [-1, 1] x [-1, 1]. It does, for instance at (1, 1), so the verdict is sat.
// With 2.5 for 1.5 it would be unsat.
//
// [example]
//   #include <clipbound/clipbound.h>
//
//   #include <iostream>
//   #include <vector>
//
//   int main() {
//     const std::vector<clipbound::DenseLayer> layers = {
//         {.weights = {1, 1, -1, -1}, .bias = {0, 0}, .relu = true},
//         {.weights = {1, 1}, .bias = {0}},
//     };
//     const auto network = clipbound::Network::from_layers(2, layers);
//     clipbound::Query query(network.input_size(), network.output_size());
//     query.add_clause({-1, -1}, {1, 1}, {clipbound::Row::output_at_least(0, 1.5)});
//     clipbound::Options options;
//     options.set("timeout", "10").set("threads", "1");
//     const clipbound::Result result = clipbound::solve(network, query, options);
//     std::cout << clipbound::name_of(result.verdict) << ": " << result.reason << "\n";
//     for (const double x : result.input) std::cout << x << "\n";
//     return result.verdict == clipbound::Verdict::sat ? 0 : 1;
//   }
// [end]
//
// From files it is Network::load("net.onnx") and Query::load("property.vnnlib"); of VNN-LIB 2.0,
// with one or several networks, Problem::load("query.vnnlib", {{"f", "a.onnx"}, {"g", "b.onnx"}}).
//
// What the verdicts mean: `unsat` - no such input exists, in exact real arithmetic for the weights
// as read; `sat` - the input in Result::input is one, replayed in the network's own precision with
// zero tolerance; `timeout` and `unknown` - neither was shown, and Result::reason says why.
//
// Thread safety: Network, Query, Options and Result are values. Const members may be called from
// many threads at once, and solve() may run in many threads at once, on the same network and query
// too. Nothing is printed.
#include "clipbound/about.h"
#include "clipbound/batch.h"
#include "clipbound/bounds.h"
#include "clipbound/checkpoint.h"
#include "clipbound/division.h"
#include "clipbound/errors.h"
#include "clipbound/file_info.h"
#include "clipbound/inspect.h"
#include "clipbound/network.h"
#include "clipbound/options.h"
#include "clipbound/problem.h"
#include "clipbound/query.h"
#include "clipbound/range.h"
#include "clipbound/robustness.h"
#include "clipbound/solve.h"
#include "clipbound/solver.h"

/// The library: networks, queries, solve(), bounds_of(), range_of(), robustness(), what they give.
namespace clipbound {}
