#include "cli/checkpoint_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include "benchmarks/suite/files.h"
#include "cli/division.h"
#include "cli/models.h"
#include "cli/output_file.h"

namespace clipbound::cli {

namespace {

/// A new file beside `path`, which no other process writes to; its name.
std::pair<int, std::string> open_temporary(const std::string& path) {
  std::string name = path + ".XXXXXX";
  const int descriptor = ::mkostemp(name.data(), O_CLOEXEC);
  if (descriptor >= 0) {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    ::fchmod(descriptor, 0666 & ~mask);
  }
  return {descriptor, std::move(name)};
}

/// Where a link leads to: renaming would put a file in its place.
std::string target_of(std::string path) {
  constexpr int kMostLinks = 40;  // as the kernel
  std::error_code failed;
  for (int k = 0; k < kMostLinks && std::filesystem::is_symlink(path, failed); ++k) {
    const std::filesystem::path to = std::filesystem::read_symlink(path, failed);
    if (failed) break;
    path = (std::filesystem::path(path).parent_path() / to).string();
  }
  return path;
}

/// A name is safe once its folder is; where folders cannot be synchronised, nothing can be done.
void synchronise_folder(const std::string& path) {
  const std::string folder = std::filesystem::path(path).parent_path().string();
  const int descriptor =
      ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

void prepare_checkpoint(std::string& path) {
  if (path == kStandardStream) throw InputError("a checkpoint needs a file, not stdout");
  std::error_code failed;
  if (std::filesystem::exists(path, failed) && !std::filesystem::is_regular_file(path, failed))
    throw InputError("the checkpoint " + path + " is no file");
  path = target_of(path);
  const auto [descriptor, temporary] = open_temporary(path);
  if (descriptor < 0)
    throw InputError("cannot write " + path + ": " + std::generic_category().message(errno));
  ::close(descriptor);
  ::unlink(temporary.c_str());
}

bool write_durably(const std::string& path, std::string_view bytes) noexcept {
  try {
    const auto [descriptor, temporary] = open_temporary(path);
    if (descriptor < 0) return false;
    bool done = suite::write_all(descriptor, bytes) && ::fsync(descriptor) == 0;
    done = ::close(descriptor) == 0 && done;
    if (!done || ::rename(temporary.c_str(), path.c_str()) != 0) {
      const int why = errno;
      ::unlink(temporary.c_str());
      errno = why;
      return false;
    }
    synchronise_folder(path);
    return true;
  } catch (const std::exception&) {
    errno = ENOMEM;
    return false;
  }
}

namespace {

SavedSearch load(const std::string& path) {
  if (path == kStandardStream) throw InputError("a search is resumed from a file, not from stdin");
  return SavedSearch::load(path);
}

/// What to go on from: the part as it was dealt, or as far as an earlier process came with it.
void complete_part(CheckpointPaths& paths) {
  const SavedSearch part = load(paths.subproblem);
  if (!part.is_part()) throw InputError(paths.subproblem + " is no part that `split` made");
  if (paths.write.empty()) paths.write = paths.subproblem + kResultEnding;
  if (paths.resume.empty()) {
    std::error_code failed;
    const bool began = std::filesystem::exists(paths.write, failed) && !failed;
    paths.resume = began ? paths.write : paths.subproblem;
  }
  paths.saved = load(paths.resume);
  if (paths.saved->sha256() != part.sha256() && paths.saved->part() != part.sha256())
    throw InputError(paths.resume + " is no checkpoint of " + paths.subproblem);
}

}  // namespace

void complete(CheckpointPaths& paths, Question& question) {
  if (!paths.subproblem.empty()) {
    complete_part(paths);
  } else if (!paths.resume.empty()) {
    paths.saved = load(paths.resume);
  }
  if (!paths.saved || !question.query.empty()) return;
  const std::vector<std::string> asked = paths.saved->question();
  for (const std::string& argument : asked) {
    if (argument == kStandardStream)
      throw InputError(paths.resume + " is of files from stdin: name query and networks");
  }
  if (asked.size() < 2)
    throw InputError(paths.resume + " does not say where its files are: name query and networks");
  question.query = asked.front();
  question.networks.assign(asked.begin() + 1, asked.end());
}

void check_different(const CheckpointPaths& paths, const Question& question,
                     const std::vector<std::string>& outputs) {
  std::vector<std::string> read{question.query, paths.subproblem};
  for (const ModelFile& model : models_of(question.networks)) read.push_back(model.path);
  for (const std::string& input : read) {
    if (is_same_file(paths.write, input))
      throw InputError("the checkpoint would go to " + input + ", which is read");
  }
  for (const std::string& output : outputs) {
    check_different(paths.write, output);
    for (const std::string& saved : {paths.resume, paths.subproblem}) {
      if (is_same_file(saved, output))
        throw InputError("an output would go to " + saved + ", which is resumed");
    }
  }
}

void add_checkpoints(CheckpointPaths& paths, const Question& question, Console& console,
                     std::atomic<bool>& written, Callbacks& callbacks) {
  callbacks.resume = paths.saved;
  callbacks.part_alone = !paths.subproblem.empty();
  if (paths.write.empty()) return;
  if (is_same_file(paths.write, paths.resume)) written.store(true);
  prepare_checkpoint(paths.write);
  callbacks.checkpoint.emplace();
  callbacks.checkpoint->every_s = paths.every_s;
  callbacks.checkpoint->question.push_back(from_everywhere(question.query));
  for (const std::string& network : question.networks)
    callbacks.checkpoint->question.push_back(from_everywhere(network));
  callbacks.checkpoint->write = [path = paths.write, &console, &written](const std::string& bytes) {
    if (write_durably(path, bytes)) {
      written.store(true);
    } else {
      console.message("cannot write " + path + ": " + std::generic_category().message(errno));
    }
  };
}

std::string from_everywhere(const std::string& argument) {
  if (argument == kStandardStream) return argument;
  const ModelFile model = models_of({argument}).front();
  const std::string path = std::filesystem::absolute(model.path).lexically_normal().string();
  return model.network.empty() ? path : model.network + "=" + path;
}

}  // namespace clipbound::cli
