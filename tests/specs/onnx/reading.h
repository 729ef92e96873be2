#pragma once
// What the tests of the reader share.
#include <gtest/gtest.h>

#include "base/error.h"
#include "specs/evaluate/evaluate.h"
#include "specs/onnx/onnx_reader.h"
#include "tests/support/floors.h"
#include "tests/support/onnx_writer.h"

namespace clipbound::test {

inline Network parse(const OnnxWriter& w) {
  return parse_onnx(w.bytes(), "model.onnx");
}

inline std::vector<float> evaluate(Network network, const std::vector<float>& x) {
  std::vector<float> y(static_cast<std::size_t>(network.output_size()));
  Evaluator<float>(std::make_shared<Network>(std::move(network))).forward(x, y);
  return y;
}

/// Reading throws an Error whose message has all the words.
template <typename Error, typename Read>
void expect_failure(const Read& read, const std::vector<std::string>& words) {
  try {
    read();
    ADD_FAILURE() << "was accepted";
  } catch (const Error& e) {
    for (const auto& word : words)
      EXPECT_NE(std::string(e.what()).find(word), std::string::npos)
          << word << " not in: " << e.what();
  }
}
template <typename Error>
void expect_refused(const OnnxWriter& w, const std::vector<std::string>& words) {
  expect_failure<Error>([&] { parse(w); }, words);
}

/// x [1,2] -> Gemm -> Relu -> y [1,2].
inline OnnxWriter small_model() {
  OnnxWriter w;
  w.input("x", {1, 2}).floats("w", {2, 2}, {1, -1, 2, -2}).floats("b", {2}, {1, 1});
  w.node("Gemm", {"x", "w", "b"}, {"h"});
  w.node("Relu", {"h"}, {"y"});
  w.output("y");
  return w;
}

}  // namespace clipbound::test
