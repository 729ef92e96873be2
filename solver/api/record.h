#pragma once
// Idea: the file of a search that goes on elsewhere: what it is of, what it has cost, what came of
// it, and its state (solver/search/state_file.h). Checkpoints, the parts of a divided search and
// their results are all of this one form.
// Source: own.
// Guarantees: bytes that were not written here, or have changed since, are an InputError.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "clipbound/file_info.h"

namespace clipbound {

inline constexpr std::uint32_t kRecordVersion = 1;

struct Record {
  /// What came of it.
  enum class Outcome : std::uint8_t { open, unsat, sat };

  std::vector<FileInfo> networks;
  std::optional<FileInfo> property;
  std::vector<std::string> question;                         ///< CheckpointRequest::question
  std::vector<std::pair<std::string, std::string>> options;  ///< name, value
  std::vector<std::pair<std::string, double>> statistics;    ///< of all processes so far
  double elapsed_s = 0.0;                                    ///< of the last of these
  bool is_part = false;                                      ///< as it was handed out
  std::string part;                                          ///< SHA-256 of the part that it is of
  std::vector<std::string> parts;  ///< SHA-256 of what it was divided into
  Outcome outcome = Outcome::open;
  std::vector<double> input;  ///< sat: the counterexample
  std::string state;          ///< write_state()
};

std::string write_record(const Record& record);
/// `name`: of the bytes, in messages. The state is checked when it is used.
Record read_record(std::string_view bytes, const std::string& name);

}  // namespace clipbound
