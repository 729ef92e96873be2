#include "cli/input_file.h"

#include <cstdio>
#include <iostream>
#include <iterator>

#include "cli/output_file.h"

namespace clipbound::cli {

namespace {

constexpr const char* kStdin = "stdin";

template <typename Read>
Read told(Read read, const std::string& path, const Say& say) {
  const std::string found = read.file().path;
  if (found != path) say("note: there is no " + path + ", read " + found);
  return read;
}

}  // namespace

FileInfo named(const std::string& path) {
  return {path == kStandardStream ? kStdin : path};
}

void say_on_stderr(const std::string& message) {
  std::fprintf(stderr, "clipbound: %s\n", message.c_str());
}

std::string standard_input() {
  return {std::istreambuf_iterator<char>(std::cin), {}};
}

Network load_network(const std::string& path, const Say& say) {
  if (path == kStandardStream) return Network::parse(standard_input(), kStdin);
  return told(Network::load(path), path, say);
}

Query load_query(const std::string& path, const Say& say) {
  if (path == kStandardStream) return Query::parse(standard_input(), kStdin);
  return told(Query::load(path), path, say);
}

}  // namespace clipbound::cli
