#include "cli/streamed_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <system_error>
#include <utility>

#include "cli/output_file.h"
#include "clipbound/errors.h"

namespace clipbound::cli {

StreamedFile::StreamedFile(std::string path) : path_(std::move(path)) {
  int descriptor = -1;
  if (path_ == kStandardStream) {
    descriptor = ::dup(STDOUT_FILENO);
  } else {
    struct stat status {};
    if (::lstat(path_.c_str(), &status) != 0 || S_ISREG(status.st_mode)) {
      temporary_ = path_ + "." + std::to_string(::getpid()) + ".tmp";
      descriptor = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    }
    if (descriptor < 0) {
      temporary_.clear();
      descriptor = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    }
  }
  if (descriptor < 0) fail();
  // T: as it is; 1: packed fast rather than well.
  file_ = ::gzdopen(descriptor, path_.ends_with(".gz") ? "wb1" : "wbT");
  if (file_ == nullptr) fail();
}

StreamedFile::~StreamedFile() {
  if (file_ != nullptr) ::gzclose(file_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void StreamedFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    constexpr std::size_t kMost = std::size_t{1} << 20;
    const std::size_t count = std::min(bytes.size(), kMost);
    if (::gzwrite(file_, bytes.data(), static_cast<unsigned>(count)) != static_cast<int>(count))
      fail();
    bytes.remove_prefix(count);
  }
}

void StreamedFile::finish() {
  if (::gzclose(std::exchange(file_, nullptr)) != Z_OK) fail();
  if (temporary_.empty()) return;
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail();
  temporary_.clear();
}

void StreamedFile::fail() const {
  throw InputError("cannot write " + path_ + ": " + std::generic_category().message(errno));
}

}  // namespace clipbound::cli
