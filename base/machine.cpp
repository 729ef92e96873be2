#include "base/machine.h"

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace clipbound::base {

namespace {

/// One blank for several, none at the ends.
std::string tidy(const std::string& text) {
  std::istringstream words(text);
  std::string result;
  for (std::string word; words >> word;) result += (result.empty() ? "" : " ") + word;
  return result;
}

/// What follows `key` in the first line of a file that begins with it; empty where none does.
std::string field_of(const char* path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(key)) return line.substr(key.size());
  return {};
}

/// The distribution, "Debian GNU/Linux 12 (bookworm)"; empty where it does not say.
std::string distribution() {
  std::string name = field_of("/etc/os-release", "PRETTY_NAME=");
  if (name.empty()) name = field_of("/usr/lib/os-release", "PRETTY_NAME=");
  std::erase_if(name, [](char c) { return c == '"' || c == '\'' || c == '\\'; });
  return tidy(name);
}

}  // namespace

std::string cpu_name() {
  const std::string field = field_of("/proc/cpuinfo", "model name");
  const std::string name = tidy(field.substr(field.find(':') + 1));
  return name.empty() ? "unknown processor" : name;
}

std::string system_name() {
  std::string text = distribution();
  utsname names{};
  if (::uname(&names) == 0) {
    text += (text.empty() ? "" : ", ") + std::string(names.sysname) + " " + names.release + " " +
            names.machine;
  }
  return text.empty() ? "unknown system" : text;
}

double machine_memory_bytes() {
  return static_cast<double>(::sysconf(_SC_PHYS_PAGES)) *
         static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double peak_memory_bytes() {
  // What getrusage() says may be of the process that this one was before it became this program.
  std::istringstream field(field_of("/proc/self/status", "VmHWM:"));
  double kilobytes = 0.0;
  if (field >> kilobytes) return 1024.0 * kilobytes;
  rusage usage{};
  return ::getrusage(RUSAGE_SELF, &usage) == 0 ? 1024.0 * static_cast<double>(usage.ru_maxrss)
                                               : 0.0;
}

}  // namespace clipbound::base
