#pragma once
// Suites without networks and a verifier that decides nothing: what is tested is the runner.
#include <map>
#include <string>
#include <vector>

#include "tests/cli/child.h"
#include "tests/support/floors.h"

namespace clipbound::test {

/// A suite whose instances say in their property's file name what the fake verifier does with them:
/// the name begins with
///   unsat | sat | unknown | timeout   that verdict, after as many milliseconds as follow in the
///   name
///                ("unsat_200")
///   crash        a signal ends it
///   exit2, exit4 an error with that exit code
///   outside      SIGKILL ends it, as if somebody else had sent it
///   stops        sends its runner SIGUSR1 when it is called for the first time, then says unsat
///   forever      never ends, and takes no notice of its limit
///   memory       allocates until it is killed
///   silent       exits with 0 and without a verdict
///   progress     writes progress lines, then says timeout
/// Every call appends a line "NAME" to the file `called`.
class FakeSuite {
 public:
  FakeSuite();
  /// Adds a suite with these properties on one network file; lines of instances.csv in that order.
  void add(const std::string& suite, const std::vector<std::string>& properties,
           const std::string& timeout = "5") const;
  std::string suites() const { return scratch / "suites"; }
  std::string out(const std::string& name = "run") const { return scratch / name; }
  /// `suite run` on all suites with the fake verifier.
  std::vector<std::string> run_arguments(std::vector<std::string> more = {},
                                         const std::string& name = "run") const;
  Ended run_all(const std::vector<std::string>& more = {}, const std::string& name = "run") const;
  /// How often the verifier was called, by property.
  std::map<std::string, int> calls() const;

  const Scratch scratch;
};

}  // namespace clipbound::test
