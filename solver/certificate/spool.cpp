#include "solver/certificate/spool.h"

#include <stdexcept>

namespace clipbound::solver {

Spool::Spool() : file_(std::tmpfile()) {
  if (file_ == nullptr) throw std::runtime_error("there is no place for temporary files");
}

Spool::Part Spool::append(std::string_view bytes) {
  const std::scoped_lock lock(mutex_);
  const Part part{size_, bytes.size()};
  if (std::fseek(file_.get(), static_cast<long>(size_), SEEK_SET) != 0 ||
      std::fwrite(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size())
    throw std::runtime_error("a temporary file cannot be written");
  size_ += bytes.size();
  return part;
}

std::string Spool::read(Part part) {
  const std::scoped_lock lock(mutex_);
  std::string bytes(part.size, '\0');
  if (std::fseek(file_.get(), static_cast<long>(part.begin), SEEK_SET) != 0 ||
      std::fread(bytes.data(), 1, bytes.size(), file_.get()) != bytes.size())
    throw std::runtime_error("a temporary file cannot be read");
  return bytes;
}

}  // namespace clipbound::solver
