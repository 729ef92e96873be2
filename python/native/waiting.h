#pragma once
// Idea: long work runs in a thread of its own without the interpreter's lock, while the thread that
// called from Python answers signals and calls Python back.
// Source: own.
// Guarantees: Python is called by the calling thread alone. After a signal's exception, or one of a
// callback, the work is stopped and waited for; its result is kept.
#include <pybind11/pybind11.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "clipbound/clipbound.h"

namespace clipbound::python {

namespace py = pybind11;

/// What the work has to say to Python, until the calling thread hands it on.
class Mailbox {
 public:
  /// None: nobody listens.
  Mailbox(py::object on_progress, py::object on_log);
  /// The callbacks of a run that writes here and that `stopper` stops.
  Callbacks callbacks(const Stopper& stopper);

  /// The work has ended.
  void end();
  /// Waits for news or, a short while, for nothing. True: the work has ended. Without the
  /// interpreter's lock.
  bool wait();
  /// Calls Python with what has come in, with the lock. False: on_progress() returned False.
  bool deliver();

 private:
  const py::object on_progress_, on_log_;
  std::mutex mutex_;
  std::condition_variable news_;
  bool ended_ = false;                                 // guarded by mutex_
  std::optional<Progress> progress_;                   // the newest
  std::vector<std::pair<int, std::string>> messages_;  // all
};

/// Runs the work. Where a signal's handler or a callback raised an exception, that is returned
/// after the work has ended; the work's own exceptions are thrown.
py::object run_interruptibly(const Stopper& stopper, Mailbox& mailbox,
                             const std::function<void()>& work);

}  // namespace clipbound::python
