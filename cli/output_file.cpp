#include "cli/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "benchmarks/suite/files.h"
#include "clipbound/errors.h"

namespace clipbound::cli {
namespace {

bool write_and_close(int descriptor, std::string_view text) noexcept {
  const bool written = suite::write_all(descriptor, text);
  return ::close(descriptor) == 0 && written;
}

}  // namespace

bool is_same_file(const std::string& one, const std::string& other) {
  if (one.empty() || other.empty() || one == kStandardStream || other == kStandardStream)
    return false;
  std::error_code failed;  // then the names are compared
  const auto place = [&](const std::string& path) {
    const std::filesystem::path absolute = std::filesystem::weakly_canonical(path, failed);
    return failed ? std::filesystem::path(path) : absolute;
  };
  return one == other || place(one) == place(other) ||
         (std::filesystem::equivalent(one, other, failed) && !failed);
}

void check_different(const std::string& one, const std::string& other) {
  if (is_same_file(one, other) || (!one.empty() && one == other))
    throw InputError("two outputs would go to " + one);
}

void prepare_output(const std::string& path) {
  if (path.empty() || path == kStandardStream) return;
  struct stat status {};
  const bool exists = ::stat(path.c_str(), &status) == 0;
  // A pipe without a reader would block here, and a device has nothing old in it.
  if (exists && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return;
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0)
    throw InputError("cannot write " + path + ": " + std::generic_category().message(errno));
  ::close(descriptor);
  if (!exists) ::unlink(path.c_str());
}

bool write_whole(const std::string& path, std::string_view text) noexcept {
  if (path.empty()) return true;
  if (path == kStandardStream) return suite::write_all(STDOUT_FILENO, text);
  struct stat status {};
  const bool regular = ::lstat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode);
  char temporary[4096];
  const int length = std::snprintf(temporary, sizeof temporary, "%s.%ld.tmp", path.c_str(),
                                   static_cast<long>(::getpid()));
  if (regular && length > 0 && static_cast<std::size_t>(length) < sizeof temporary) {
    const int descriptor = ::open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor >= 0) {
      if (write_and_close(descriptor, text) && ::rename(temporary, path.c_str()) == 0) return true;
      ::unlink(temporary);
    }
  }
  // Links, devices, and folders in which nothing new may be made.
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  return descriptor >= 0 && write_and_close(descriptor, text);
}

void write_output(const std::string& path, std::string_view text) {
  if (!write_whole(path, text))
    throw InputError("cannot write " + path + ": " + std::generic_category().message(errno));
}

}  // namespace clipbound::cli
