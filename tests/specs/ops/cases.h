#pragma once
// Small models, one per form of an operator, with closed-form answers where one line gives them.
#include <functional>
#include <ostream>

#include "tests/support/floors.h"
#include "tests/support/onnx_writer.h"

namespace clipbound::test {

/// Whether ONNX Runtime can be asked about a case.
enum class InRuntime : std::uint8_t { no, yes };

struct OperatorCase {
  std::string name;
  std::function<void(OnnxWriter&)> build;
  int opset = 13;
  /// What the network gives for x = 1, 2, 3, ...; empty where only ONNX Runtime knows.
  std::vector<float> expected = {};
  /// no: an operator or a form that ONNX Runtime 1.22 does not have; tests/specs/expand says what
  /// it gives.
  InRuntime runtime = InRuntime::yes;
};

/// GoogleTest would print the bytes.
inline void PrintTo(const OperatorCase& c, std::ostream* out) {
  *out << c.name;
}

/// Inputs are called x (and z), the output y.
const std::vector<OperatorCase>& operator_cases();

// The parts of the list that stand in files of their own.
void add_function_cases(std::vector<OperatorCase>& cases);
void add_window_cases(std::vector<OperatorCase>& cases);
void add_reduction_cases(std::vector<OperatorCase>& cases);
void add_choice_cases(std::vector<OperatorCase>& cases);
void add_copy_cases(std::vector<OperatorCase>& cases);
void add_interpolation_cases(std::vector<OperatorCase>& cases);
void add_indexed_cases(std::vector<OperatorCase>& cases);
void add_composite_cases(std::vector<OperatorCase>& cases);
void add_network_cases(std::vector<OperatorCase>& cases);
/// n numbers without a pattern, multiples of 1/8 so that small sums are exact.
std::vector<float> some_numbers(std::size_t n);

inline OnnxWriter model_of(const OperatorCase& c) {
  OnnxWriter w(c.opset);
  c.build(w);
  w.output("y");
  return w;
}

}  // namespace clipbound::test
