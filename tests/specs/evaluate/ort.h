#pragma once
// ONNX Runtime as an oracle outside the program: ../shared/tools/ort_replay.mjs in a child process.
#include <optional>
#include <string>
#include <vector>

namespace clipbound::test {

/// Why the oracle cannot be asked here; empty where it can.
std::string oracle_missing();

struct OracleRequest {
  std::string onnx;                    ///< path
  std::vector<std::vector<float>> xs;  ///< inputs
};
struct OracleReply {
  std::optional<std::vector<std::vector<double>>> ys;  ///< the outputs for each input
  std::string error;                                   ///< where ONNX Runtime refuses the network
};
/// Asks about all of them in one child process.
std::vector<OracleReply> ask_oracle(const std::vector<OracleRequest>& requests);

}  // namespace clipbound::test
