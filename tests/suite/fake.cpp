#include "tests/suite/fake.h"
#include "tests/support/floors.h"

#include <filesystem>
#include <fstream>
#include <sstream>

namespace clipbound::test {
namespace {

// The arguments are those of `clipbound verify`. Only programs that every Linux has.
constexpr const char* kVerifier = R"SH(#!/bin/bash
query=$2
while [ $# -gt 0 ]; do
  case $1 in
    --json) json=$2 ;;
    --result) result=$2 ;;
  esac
  shift
done
name=$(basename "$query" .vnnlib)
echo "$name" >>"@CALLED@"
say() { # WORD REASON
  printf '%s\n' "$1" >"$result"
  if [ "$1" = sat ]; then printf '((X_0 0.5)\n(Y_0 1))\n' >>"$result"; fi
  printf '{"verdict": "%s", "reason": "%s", "progress": {"elapsed_s": 1, "subproblems": 7, "open": 3, "worst_bound": null, "settled_share": 0.5}}\n' "$1" "$2" >"$json"
}
word=${name%%_*}
rest=${name#*_}
case $word in
  unsat | sat | unknown | timeout)
    sleep "$(printf '0.%03d' "${rest%%_*}")"
    say "$word" "as it was told"
    ;;
  crash) say unsat "said before the crash"; echo "about to fall" >&2; kill -SEGV $$ ;;
  outside) kill -KILL $$ ;;
  stops) # the runner is told that its time is up; the next time there is none of it
    if [ "$(grep -cx "$name" "@CALLED@")" = 1 ]; then kill -USR1 $PPID; sleep 1000; fi
    say unsat "the second time"
    ;;
  exit2) echo "line 3: cannot read" >&2; exit 2 ;;
  exit4) exit 4 ;;
  forever) sleep 1000 ;;
  memory) exec tail /dev/zero ;;  # looks for the end of a line
  silent) exit 0 ;;
  progress)
    for i in 1 2 3 4; do echo "0.$i -$((5 - i)) 0.${i}5 ${i}0 $i" >&3; done
    say timeout "time is over"
    ;;
esac
exit 0
)SH";

}  // namespace

FakeSuite::FakeSuite() {
  std::filesystem::create_directories(suites());
  std::string text = kVerifier;
  const std::string mark = "@CALLED@";
  for (std::size_t at = text.find(mark); at != std::string::npos; at = text.find(mark))
    text.replace(at, mark.size(), scratch / "called");
  std::filesystem::permissions(scratch.write("verifier", text), std::filesystem::perms::owner_all);
}

void FakeSuite::add(const std::string& suite, const std::vector<std::string>& properties,
                    const std::string& timeout) const {
  const std::string folder = "suites/" + suite + "/";
  std::filesystem::create_directories(scratch / (folder + "onnx"));
  std::filesystem::create_directories(scratch / (folder + "vnnlib"));
  scratch.write(folder + "onnx/net.onnx", "no network");
  std::string list;
  for (const std::string& property : properties) {
    scratch.write(folder + "vnnlib/" + property + ".vnnlib", "no property");
    list += "onnx/net.onnx,vnnlib/" + property + ".vnnlib," + timeout + "\n";
  }
  scratch.write(folder + "instances.csv", list);
}

std::vector<std::string> FakeSuite::run_arguments(std::vector<std::string> more,
                                                  const std::string& name) const {
  std::vector<std::string> arguments = {
      "suite", "run", suites(), "--out", out(name), "--program", scratch / "verifier"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

Ended FakeSuite::run_all(const std::vector<std::string>& more, const std::string& name) const {
  return run(run_arguments(more, name), {}, 180.0);
}

std::map<std::string, int> FakeSuite::calls() const {
  std::map<std::string, int> count;
  std::istringstream lines(contents_of(scratch / "called"));
  for (std::string line; std::getline(lines, line);) ++count[line];
  return count;
}

}  // namespace clipbound::test
