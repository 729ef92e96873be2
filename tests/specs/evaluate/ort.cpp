#include "tests/specs/evaluate/ort.h"

#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <sstream>
#include <stdexcept>

#include "tests/support/floors.h"
#include "tests/support/onnx_writer.h"

namespace clipbound::test {

namespace {

const std::string kTool = std::string(CLIPBOUND_SOURCE_DIR) + "/../shared/tools/ort_replay.mjs";

std::string run(const std::string& command) {
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) throw std::runtime_error("cannot run " + command);
  std::string output;
  char buffer[4096];
  for (std::size_t got; (got = fread(buffer, 1, sizeof buffer, pipe)) > 0;)
    output.append(buffer, got);
  pclose(pipe);
  return output;
}

/// Reads [[1,2],[3]] from `text`, which is JSON with null for what is not finite.
std::vector<std::vector<double>> parse_rows(const std::string& text, std::size_t at) {
  std::vector<std::vector<double>> rows;
  int depth = 0;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '[' && ++depth == 2) rows.emplace_back();
    if (c == ']' && --depth == 0) break;
    if (c == 'n') {
      rows.back().push_back(std::numeric_limits<double>::quiet_NaN());
      at += 3;
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      char* end = nullptr;
      rows.back().push_back(std::strtod(text.c_str() + at, &end));
      at = static_cast<std::size_t>(end - text.c_str()) - 1;
    }
  }
  return rows;
}

std::string line_of(const OracleRequest& request) {
  std::string line = "{\"onnx\": \"" + request.onnx + "\", \"xs\": [";
  for (std::size_t i = 0; i < request.xs.size(); ++i) {
    line += i == 0 ? "[" : ", [";
    for (std::size_t j = 0; j < request.xs[i].size(); ++j) {
      char number[40];
      std::snprintf(number, sizeof number, "%s%.9g", j == 0 ? "" : ",",
                    static_cast<double>(request.xs[i][j]));
      line += number;
    }
    line += "]";
  }
  return line + "]}\n";
}

}  // namespace

std::string oracle_missing() {
  if (!std::filesystem::exists(kTool)) return "no oracle: ../shared/tools is absent";
  const char* home = std::getenv("HOME");
  if (home == nullptr ||
      !std::filesystem::exists(std::string(home) +
                               "/.cache/verdict-oracle/node_modules/onnxruntime-node"))
    return "no oracle: run ../shared/tools/setup, which installs ONNX Runtime for Node";
  if (run("node --version 2>/dev/null").empty()) return "no oracle: node is absent";
  return "";
}

std::vector<OracleReply> ask_oracle(const std::vector<OracleRequest>& requests) {
  const TemporaryFolder folder("oracle");
  std::string text;
  for (const OracleRequest& r : requests) text += line_of(r);
  const std::string file = folder.file("request.jsonl", text);
  std::istringstream lines(run("node '" + kTool + "' < '" + file + "' 2>/dev/null"));
  std::vector<OracleReply> replies;
  for (std::string line; std::getline(lines, line);) {
    OracleReply& reply = replies.emplace_back();
    if (line.rfind("{\"y\":", 0) == 0) {
      reply.ys = parse_rows(line, 5);
    } else {
      reply.error = line;
    }
  }
  replies.resize(requests.size(), {std::nullopt, "no reply"});
  return replies;
}

}  // namespace clipbound::test
