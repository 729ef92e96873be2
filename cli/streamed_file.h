#pragma once
// Idea: a large file, written piece by piece and packed on the way where its name ends in .gz.
// Source: own.
// Guarantees: the file has its name only once it is whole (links and devices are written in place).
#include <string>
#include <string_view>

struct gzFile_s;

namespace clipbound::cli {

class StreamedFile {
 public:
  /// "-" is stdout. Throws InputError where it cannot be written, and so do the others.
  explicit StreamedFile(std::string path);
  ~StreamedFile();
  StreamedFile(const StreamedFile&) = delete;
  StreamedFile& operator=(const StreamedFile&) = delete;
  void append(std::string_view bytes);
  /// It is whole.
  void finish();

 private:
  [[noreturn]] void fail() const;

  std::string path_, temporary_;  // temporary_: empty where it is written in place
  gzFile_s* file_ = nullptr;
};

}  // namespace clipbound::cli
