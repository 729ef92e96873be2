#include "benchmarks/suite/child.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <system_error>

namespace clipbound::suite {
namespace {

/// More points than this say no more about a curve.
constexpr std::size_t kCurvePoints = 200;
constexpr std::size_t kLastWords = 600;

struct Pipe {
  int read = -1, write = -1;
};

/// The end that is read is for this process alone and never blocks.
Pipe open_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw std::system_error(errno, std::generic_category(), "pipe");
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  return {ends[0], ends[1]};
}

void close_quietly(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

void limit(int resource, double value) {
  const rlimit both{.rlim_cur = static_cast<rlim_t>(value), .rlim_max = static_cast<rlim_t>(value)};
  ::setrlimit(static_cast<__rlimit_resource>(resource), &both);
}

/// In the child, between fork and exec: only what is safe in a signal handler.
[[noreturn]] void become(char* const* words, pid_t parent, int progress, int messages,
                         const ChildLimits& limits) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(127);  // it died before the line above
  const int nothing = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(nothing, STDOUT_FILENO);
  ::dup2(messages, STDERR_FILENO);
  if (progress == Child::kProgressDescriptor) {
    ::fcntl(progress, F_SETFD, 0);  // dup2 onto itself would leave it to be closed
  } else {
    ::dup2(progress, Child::kProgressDescriptor);
  }
  limit(RLIMIT_CORE, 0);
  if (limits.address_space_bytes > 0.0) limit(RLIMIT_AS, limits.address_space_bytes);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::execv(words[0], words);
  ::_exit(127);
}

/// Appends what there is to read; closes the descriptor at its end.
void drain(int& descriptor, std::string& text) {
  char buffer[4096];
  while (descriptor >= 0) {
    const ssize_t count = ::read(descriptor, buffer, sizeof buffer);
    if (count > 0) {
      text.append(buffer, static_cast<std::size_t>(count));
    } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
      close_quietly(descriptor);
    } else if (errno == EAGAIN) {
      return;
    }
  }
}

/// Resident memory of another process in bytes; 0 where unknown.
double resident_bytes_of(pid_t pid) {
  char path[40], text[120];
  std::snprintf(path, sizeof path, "/proc/%ld/statm", static_cast<long>(pid));
  const int descriptor = ::open(path, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return 0.0;
  const ssize_t count = ::read(descriptor, text, sizeof text - 1);
  ::close(descriptor);
  if (count <= 0) return 0.0;
  text[count] = '\0';
  char* second = nullptr;
  std::strtoul(text, &second, 10);
  return static_cast<double>(std::strtoul(second, nullptr, 10)) *
         static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

}  // namespace

Child::Child(const std::vector<std::string>& command, const ChildLimits& limits) : limits_(limits) {
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  Pipe progress = open_pipe(), messages = open_pipe();
  const pid_t parent = ::getpid();
  start_ = Clock::now();
  pid_ = ::fork();
  if (pid_ == 0) become(words.data(), parent, progress.write, messages.write, limits_);
  const int cause = errno;
  close_quietly(progress.write);
  close_quietly(messages.write);
  if (pid_ < 0) {
    close_quietly(progress.read);
    close_quietly(messages.read);
    throw std::system_error(cause, std::generic_category(), "fork");
  }
  ::setpgid(pid_, pid_);  // whichever of the two comes first
  progress_ = progress.read;
  messages_ = messages.read;
}

Child::~Child() {
  if (pid_ > 0) {
    ::kill(-pid_, SIGKILL);
    ::kill(pid_, SIGKILL);
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }
  close_quietly(progress_);
  close_quietly(messages_);
}

void Child::kill(Ending why) {
  if (ending_ == Ending::exited) ending_ = why;
  ::kill(-pid_, SIGKILL);
}

void Child::enforce() {
  if (pid_ < 0 || ending_ != Ending::exited) return;
  if (elapsed_s() > limits_.wall_s) {
    kill(Ending::time);
  } else if (limits_.resident_bytes > 0.0 && resident_bytes_of(pid_) > limits_.resident_bytes) {
    kill(Ending::memory);
  }
}

void Child::take_progress(const std::string& line) {
  const char* at = line.c_str();
  double numbers[5];
  for (double& number : numbers) {
    char* end = nullptr;
    number = std::strtod(at, &end);
    // Nothing may be known of the worst bound yet.
    if (end == at || (std::isnan(number) && &number != &numbers[1])) return;
    at = end;
  }
  const auto count_of = [](double number) {
    return static_cast<std::uint64_t>(std::clamp(number, 0.0, 0x1p63));
  };
  last_ = {numbers[0], numbers[1], numbers[2], count_of(numbers[3]), count_of(numbers[4])};
  if (!curve_.empty() && last_.elapsed_s < curve_.back().elapsed_s + curve_step_s_) return;
  curve_.push_back(last_);
  if (curve_.size() < kCurvePoints) return;
  for (std::size_t i = 0; 2 * i < curve_.size(); ++i) curve_[i] = curve_[2 * i];
  curve_.resize((curve_.size() + 1) / 2);
  curve_step_s_ = 2.0 * last_.elapsed_s / kCurvePoints;
}

void Child::read() {
  drain(progress_, progress_text_);
  std::size_t begin = 0;
  for (std::size_t end = 0; (end = progress_text_.find('\n', begin)) != std::string::npos;
       begin = end + 1) {
    take_progress(progress_text_.substr(begin, end - begin));
  }
  progress_text_.erase(0, begin);
  drain(messages_, message_text_);
  if (message_text_.size() > 2 * kLastWords)
    message_text_.erase(0, message_text_.size() - kLastWords);
}

bool Child::ended(Record& record) {
  if (pid_ < 0) return true;  // the record has been written
  int status = 0;
  rusage usage{};
  if (::wait4(pid_, &status, WNOHANG, &usage) != pid_) return false;
  record.seconds = elapsed_s();
  ::kill(-pid_, SIGKILL);  // whatever it may have started itself
  pid_ = -1;
  read();
  if (ending_ == Ending::exited && WIFSIGNALED(status)) ending_ = Ending::crashed;
  record.ending = ending_;
  record.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
  record.cpu_s = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
  record.peak_memory_mb = static_cast<double>(usage.ru_maxrss) / 1024.0;
  record.curve = std::move(curve_);
  record.last = last_;
  return true;
}

std::string Child::last_words() const {
  std::string text = message_text_.size() > kLastWords
                         ? message_text_.substr(message_text_.size() - kLastWords)
                         : message_text_;
  while (!text.empty() && text.back() == '\n') text.pop_back();
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos;)
    text.replace(at, 1, " | ");
  return text;
}

}  // namespace clipbound::suite
