#pragma once
// Runs the clipbound executable as a child process.
#include <functional>
#include <string>
#include <vector>

namespace clipbound::test {

/// How a child ended.
struct Ended {
  int exit_code = -1;  ///< -1 where a signal ended it
  int signal = 0;      ///< 0 where it exited
  double seconds = 0.0;
  std::string out, err;
};

/// Runs clipbound with `arguments`; `meanwhile(pid)`, if given, is called once it has started. A
/// child that is still running after `patience_s` seconds is killed.
Ended run(const std::vector<std::string>& arguments,
          const std::function<void(int pid)>& meanwhile = {}, double patience_s = 120.0);

/// The same with a terminal of so many columns as stderr. `seen(pid, text)` is called with all that
/// was written to it, whenever there is more.
Ended run_in_terminal(const std::vector<std::string>& arguments, int columns,
                      const std::function<void(int pid, const std::string& text)>& seen,
                      double patience_s = 120.0);

/// Waits until the child has handlers for signals: on a loaded machine that takes a while.
void await_handlers(int pid);

/// A folder of its own for one test, removed with its contents at the end.
class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  /// A path in it.
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  /// Writes a file in it; returns its path.
  std::string write(const std::string& name, const std::string& contents) const;
  std::size_t file_count() const;

 private:
  std::string path_;
};

/// The whole file; empty where there is none.
std::string contents_of(const std::string& path);

}  // namespace clipbound::test
