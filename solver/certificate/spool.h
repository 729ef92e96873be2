#pragma once
// Idea: records of closed leaves lie in a temporary file, not in memory.
// Source: own.
// Guarantees: what is read is what was written, or std::runtime_error is thrown. Threads may call both at
// once.
#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/floors.h"

namespace clipbound::solver {

class Spool {
 public:
  struct Part {
    std::uint64_t begin = 0, size = 0;
  };
  Spool();
  Part append(std::string_view bytes);
  std::string read(Part part);
  std::uint64_t size() const { return size_; }

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::mutex mutex_;
  std::unique_ptr<std::FILE, Close> file_;  // has no name
  std::uint64_t size_ = 0;
};

}  // namespace clipbound::solver
