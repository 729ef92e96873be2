#pragma once
// ONNX files for the tests of the command line, written through the ONNX protobuf library.
#include <string>

namespace clipbound::test {

/// Bytes of a model Y = op(X) with one node of type `op` on [1, size].
std::string one_node_model(const std::string& op, int size);
/// Bytes of a random network, 12 inputs, 4 x 60 ReLU, 1 output; too hard to be decided in seconds
/// near `hard_query`.
std::string hard_model();
/// The same with two outputs, a classifier.
std::string hard_classifier();
/// A random classifier of two classes, 3 inputs, 2 x 16 ReLU: a search decides its queries at once.
std::string small_classifier();
/// A random network, 6 inputs, 3 x 32 ReLU, 2 outputs: searches of seconds near Y_0's largest
/// value, some 1.7.
std::string checkpoint_model();
/// Y = (x0 + x1) + x2, added in the order of the inputs: on (1, 1e8, -1e8) that is 0 in this order
/// and 1 in the opposite one.
std::string sum_model();
/// Y = (x * x + x * -2) + 1, for one input.
std::string written_out_square();
/// Box [-1, 1]^12 and Y_0 >= 25.
std::string hard_query();
/// So many boxes of [-1, 1]^12, each a clause with Y_0 >= 25: half a kilobyte for each.
std::string many_boxes_query(int boxes);
/// "(declare-const X_0 Real)..." for this many inputs and outputs.
std::string declarations(int inputs, int outputs);
/// Bounds low <= X_i <= high for all i.
std::string box(int inputs, double low, double high);

}  // namespace clipbound::test
