#include "python/native/waiting.h"

#include <chrono>
#include <exception>
#include <thread>

#include "python/native/convert.h"

namespace clipbound::python {

namespace {

/// A signal is answered after so long at the latest.
constexpr std::chrono::milliseconds kSignalsEvery{50};

}  // namespace

Mailbox::Mailbox(py::object on_progress, py::object on_log)
    : on_progress_(std::move(on_progress)), on_log_(std::move(on_log)) {}

Callbacks Mailbox::callbacks(const Stopper& stopper) {
  Callbacks callbacks;
  callbacks.stopper = stopper;
  if (!on_progress_.is_none()) {
    callbacks.progress = [this](const Progress& progress) {
      const std::lock_guard lock(mutex_);
      progress_ = progress;
      news_.notify_one();
    };
  }
  if (!on_log_.is_none()) {
    callbacks.log = [this](int level, const std::string& message) {
      const std::lock_guard lock(mutex_);
      messages_.emplace_back(level, message);
      news_.notify_one();
    };
  }
  return callbacks;
}

void Mailbox::end() {
  const std::lock_guard lock(mutex_);
  ended_ = true;
  news_.notify_one();
}

bool Mailbox::wait() {
  std::unique_lock lock(mutex_);
  news_.wait_for(lock, kSignalsEvery, [this] { return ended_ || progress_ || !messages_.empty(); });
  return ended_;
}

bool Mailbox::deliver() {
  std::optional<Progress> progress;
  std::vector<std::pair<int, std::string>> messages;
  {
    const std::lock_guard lock(mutex_);
    progress.swap(progress_);
    messages.swap(messages_);
  }
  for (const auto& [level, message] : messages) on_log_(level, message);
  return !progress || !on_progress_(dict_of(*progress)).is(py::bool_(false));
}

py::object run_interruptibly(const Stopper& stopper, Mailbox& mailbox,
                             const std::function<void()>& work) {
  std::exception_ptr failure;
  std::thread worker([&] {
    try {
      work();
    } catch (...) {
      failure = std::current_exception();
    }
    mailbox.end();
  });
  py::object interrupt = py::none();
  for (bool ended = false; !ended;) {
    {
      const py::gil_scoped_release unlocked;
      ended = mailbox.wait();
    }
    try {
      if (PyErr_CheckSignals() != 0) throw py::error_already_set();
      // After an exception Python hears no more.
      if (interrupt.is_none() && !mailbox.deliver()) stopper.stop();
    } catch (py::error_already_set& error) {
      interrupt = error.value();
      if (error.trace()) PyException_SetTraceback(interrupt.ptr(), error.trace().ptr());
      stopper.stop();
    }
  }
  {
    const py::gil_scoped_release unlocked;
    worker.join();
  }
  if (interrupt.is_none() && failure) std::rethrow_exception(failure);
  return interrupt;
}

}  // namespace clipbound::python
