#pragma once
// ONNX Runtime as an oracle outside the program: ../shared/tools/ort_replay.mjs in a child process.
#include <optional>
#include <string>
#include <vector>

namespace clipbound::test {

/// Why the oracle cannot be asked here; empty where it can.
std::string oracle_missing();

/// The outputs that ONNX Runtime gives for each of the inputs; nullopt with `error` filled where it refuses the
/// network.
std::optional<std::vector<std::vector<double>>> ask_oracle(const std::string& onnx,
                                                           const std::vector<std::vector<float>>& xs,
                                                           std::string& error);

}  // namespace clipbound::test
