// Idea: the program is its command.
// Source: own.
// Guarantees: see command.h.
#include <iostream>

#include "checker/command.h"

int main(int argc, char** argv) {
  return clipcheck::run_command({argv + 1, argv + argc}, std::cout, std::cerr);
}
