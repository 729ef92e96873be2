#include "cli/checkpoint_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "benchmarks/suite/files.h"
#include "cli/division.h"
#include "cli/models.h"
#include "cli/output_file.h"

namespace clipbound::cli {

namespace {

std::string temporary_of(const std::string& path) {
  return path + ".tmp";
}

int open_temporary(const std::string& path) {
  return ::open(temporary_of(path).c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
                0666);
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

void prepare_checkpoint(const std::string& path) {
  if (path == kStandardStream) throw InputError("a checkpoint needs a file, not stdout");
  std::error_code failed;
  if (std::filesystem::exists(path, failed) && !std::filesystem::is_regular_file(path, failed))
    throw InputError("the checkpoint " + path + " is no file");
  const int descriptor = open_temporary(path);
  if (descriptor < 0)
    throw InputError("cannot write " + path + ": " + std::generic_category().message(errno));
  ::close(descriptor);
  ::unlink(temporary_of(path).c_str());
}

bool write_durably(const std::string& path, std::string_view bytes) noexcept {
  try {
    const int descriptor = open_temporary(path);
    if (descriptor < 0) return false;
    bool done = suite::write_all(descriptor, bytes) && ::fsync(descriptor) == 0;
    done = ::close(descriptor) == 0 && done;
    if (!done || ::rename(temporary_of(path).c_str(), path.c_str()) != 0) {
      const int why = errno;
      ::unlink(temporary_of(path).c_str());
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

void complete(CheckpointPaths& paths, Question& question) {
  if (!paths.subproblem.empty()) {
    const SavedSearch part = SavedSearch::load(paths.subproblem);
    if (!part.is_part()) throw InputError(paths.subproblem + " is no part that `split` made");
    if (paths.resume.empty()) {
      paths.resume = paths.subproblem;
    } else if (SavedSearch::load(paths.resume).part() != part.sha256()) {
      throw InputError(paths.resume + " is no checkpoint of " + paths.subproblem);
    }
    if (paths.write.empty()) paths.write = paths.subproblem + kResultEnding;
  }
  if (paths.resume.empty() || !question.query.empty()) return;
  const std::vector<std::string> asked = SavedSearch::load(paths.resume).question();
  for (const std::string& argument : asked) {
    if (argument == kStandardStream)
      throw InputError(paths.resume + " is of files from stdin: name query and networks");
  }
  if (asked.size() < 2)
    throw InputError(paths.resume + " does not say where its files are: name query and networks");
  question.query = asked.front();
  question.networks.assign(asked.begin() + 1, asked.end());
}

void add_checkpoints(const CheckpointPaths& paths, const Question& question, Console& console,
                     std::atomic<bool>& written, Callbacks& callbacks) {
  if (!paths.resume.empty()) {
    if (paths.resume == kStandardStream)
      throw InputError("a search is resumed from a file, not from stdin");
    callbacks.resume = SavedSearch::load(paths.resume);
  }
  if (paths.write.empty()) return;
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
