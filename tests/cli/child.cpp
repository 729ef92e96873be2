#include "tests/cli/child.h"
#include "tests/support/floors.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace clipbound::test {
namespace {

using Clock = std::chrono::steady_clock;

void redirect(const std::string& path, int target) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  if (file < 0 || ::dup2(file, target) < 0) ::_exit(126);
}

[[noreturn]] void become_clipbound(const std::vector<std::string>& arguments) {
  std::vector<std::string> words{CLIPBOUND_BINARY_DIR "/clipbound"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> raw;
  for (std::string& word : words) raw.push_back(word.data());
  raw.push_back(nullptr);
  ::execv(raw[0], raw.data());
  ::_exit(127);
}

}  // namespace

Ended run(const std::vector<std::string>& arguments, const std::function<void(int)>& meanwhile,
          double patience_s) {
  const Scratch scratch;
  const auto before = Clock::now();
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    redirect(scratch / "out", STDOUT_FILENO);
    redirect(scratch / "err", STDERR_FILENO);
    become_clipbound(arguments);
  }
  if (meanwhile) meanwhile(child);
  Ended ended;
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    if (std::chrono::duration<double>(Clock::now() - before).count() > patience_s)
      ::kill(child, SIGKILL);
    std::this_thread::sleep_for(std::chrono::microseconds(500));
  }
  ended.seconds = std::chrono::duration<double>(Clock::now() - before).count();
  if (WIFEXITED(status)) ended.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) ended.signal = WTERMSIG(status);
  ended.out = contents_of(scratch / "out");
  ended.err = contents_of(scratch / "err");
  return ended;
}

Ended run_in_terminal(const std::vector<std::string>& arguments, int columns,
                      const std::function<void(int, const std::string&)>& seen, double patience_s) {
  const Scratch scratch;
  const int terminal = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal < 0 || ::grantpt(terminal) != 0 || ::unlockpt(terminal) != 0)
    throw std::runtime_error("no terminal is to be had");
  const winsize size{
      .ws_row = 24, .ws_col = static_cast<unsigned short>(columns), .ws_xpixel = 0, .ws_ypixel = 0};
  ::ioctl(terminal, TIOCSWINSZ, &size);
  // Held open here, so that what the child has written is not lost with its end.
  const int inner = ::open(::ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
  ::fcntl(terminal, F_SETFL, O_NONBLOCK);
  const auto before = Clock::now();
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error("fork failed");
  if (child == 0) {
    redirect(scratch / "out", STDOUT_FILENO);
    if (::dup2(inner, STDERR_FILENO) < 0) ::_exit(126);
    become_clipbound(arguments);
  }
  Ended ended;
  int status = 0;
  const auto drain = [&] {
    char text[4096];
    ssize_t count = 0;
    const std::size_t length = ended.err.size();
    while ((count = ::read(terminal, text, sizeof text)) > 0)
      ended.err.append(text, static_cast<std::size_t>(count));
    if (ended.err.size() > length && seen) seen(child, ended.err);
  };
  while (::waitpid(child, &status, WNOHANG) == 0) {
    drain();
    if (std::chrono::duration<double>(Clock::now() - before).count() > patience_s)
      ::kill(child, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  drain();
  ::close(inner);
  ::close(terminal);
  if (WIFEXITED(status)) ended.exit_code = WEXITSTATUS(status);
  if (WIFSIGNALED(status)) ended.signal = WTERMSIG(status);
  ended.out = contents_of(scratch / "out");
  return ended;
}

void await_handlers(int pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/status";
  for (int k = 0; k < 20'000; ++k) {
    const std::string text = contents_of(path), field = "SigCgt:";
    const std::size_t at = text.find(field);
    if (at == std::string::npos) return;
    if ((std::strtoull(text.c_str() + at + field.size(), nullptr, 16) >> (SIGTERM - 1) & 1U) != 0)
      return;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

Scratch::Scratch() {
  std::string pattern = (std::filesystem::temp_directory_path() / "clipbound_test_XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
  path_ = pattern;
}

Scratch::~Scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string Scratch::write(const std::string& name, const std::string& contents) const {
  const std::string path = *this / name;
  std::ofstream(path, std::ios::binary) << contents;
  return path;
}

std::size_t Scratch::file_count() const {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_),
                                                std::filesystem::directory_iterator()));
}

std::string contents_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

}  // namespace clipbound::test
