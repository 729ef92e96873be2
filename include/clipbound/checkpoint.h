#pragma once
// Idea: a search that can be left and taken up again: by another process, on another machine, on any
// number of threads.
// Source: own; docs/cluster.md.
// Guarantees: what is read is whole, and of the same network and query, or it is an InputError. Such
// bytes are trusted like the program that wrote them (docs/soundness/s10-branch-and-bound.md).
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "clipbound/errors.h"
#include "clipbound/file_info.h"

namespace clipbound {

/// What is known of a search, as bytes: the subproblems that are open, what is settled, of which
/// files, by which options, what it has cost. A value; copies share the bytes. Thread safety: const
/// members may be called from many threads at once.
class CLIPBOUND_API SavedSearch {
 public:
  /// `name` is what messages call the bytes. Throws InputError where they are no saved search, were
  /// cut off or changed.
  static SavedSearch parse(std::string bytes, const std::string& name = "memory");
  /// The same of a file.
  static SavedSearch load(const std::string& path);

  /// What parse() was given.
  const std::string& bytes() const;
  /// Of these bytes, in 64 hexadecimal digits.
  std::string sha256() const;
  /// The files of the networks and of the property; what was not read from a file has no SHA-256.
  const std::vector<FileInfo>& networks() const;
  /// The same of the property.
  const std::optional<FileInfo>& property() const;
  /// CheckpointRequest::question of who wrote it.
  const std::vector<std::string>& question() const;
  /// The SHA-256 of the part of a divided search that it is of; empty: of a whole one.
  const std::string& part() const;
  /// True for a part of a divided search as it was handed out.
  bool is_part() const;
  /// The SHA-256 of the parts that it was divided into.
  const std::vector<std::string>& parts() const;

  struct Implementation;                                                     ///< the library's own
  const Implementation& implementation() const { return *implementation_; }  ///< for the library

 private:
  explicit SavedSearch(std::shared_ptr<const Implementation> implementation)
      : implementation_(std::move(implementation)) {}
  std::shared_ptr<const Implementation> implementation_;
};

/// Asks solve() for checkpoints.
struct CheckpointRequest {
  /// Takes the bytes of a SavedSearch: now and then while the search runs, and in the end whatever
  /// the verdict. Called by the thread that called solve(), while all others stand still; must not
  /// throw.
  std::function<void(const std::string& bytes)> write = {};
  /// Seconds from one to the next, or more: they take at most 1 % of the time.
  double every_s = 60.0;
  /// Carried along unread: how whoever resumes finds network and query again.
  std::vector<std::string> question = {};
};

}  // namespace clipbound
