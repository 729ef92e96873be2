#pragma once
// Idea: the files of `verify --checkpoint` and `--resume`.
// Source: own; POSIX rename is atomic, fsync keeps what is renamed.
// Guarantees: a checkpoint's file is whole, or the one before, whenever the machine stops.
#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "cli/console.h"
#include "clipbound/clipbound.h"

namespace clipbound::cli {

/// What the command line says of checkpoints; empty paths are none.
struct CheckpointPaths {
  std::string write;
  double every_s = 60.0;
  std::string resume;
  std::string subproblem;                 ///< a part that `split` made
  std::optional<SavedSearch> saved = {};  ///< what `resume` holds, once it is completed
};

/// What is asked: a query and its networks, as on the command line.
struct Question {
  std::string query;
  std::vector<std::string> networks;
};

/// Reads what is resumed. Of a subproblem: goes on from what --resume names of it, or from its own
/// result where there is one, else from the part; and writes its result beside it unless
/// --checkpoint says where. A question that is empty is that of the saved search.
/// Throws InputError where what is resumed is of another part, or does not say where its files are.
void complete(CheckpointPaths& paths, Question& question);

/// Throws InputError where no file can be made beside `path`. What is there stays: it may be the
/// last checkpoint of an earlier process. A link becomes what it leads to.
void prepare_checkpoint(std::string& path);

/// Writes under a temporary name, makes it safe, and renames it. False where it failed (errno says
/// why).
bool write_durably(const std::string& path, std::string_view bytes) noexcept;

/// Throws InputError where the checkpoint would replace a file that is read or written otherwise,
/// or an output what is resumed. Empty paths are none.
void check_different(const CheckpointPaths& paths, const Question& question,
                     const std::vector<std::string>& outputs);

/// Has solve() go on from one file and write to the other. `written` is told once a checkpoint is
/// there. What is given outlives the solve.
void add_checkpoints(CheckpointPaths& paths, const Question& question, Console& console,
                     std::atomic<bool>& written, Callbacks& callbacks);

/// A path that is found from every folder; of [NAME=]FILE, too.
std::string from_everywhere(const std::string& argument);

}  // namespace clipbound::cli
