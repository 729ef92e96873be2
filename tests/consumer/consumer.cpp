// Throws across the library's boundary, solves, bounds.
#include <clipbound/clipbound.h>

#include <iostream>

int main(int argc, char** argv) {
  if (argc != 3) return 1;
  try {
    clipbound::Network::load("/no/such/file.onnx");
    return 1;
  } catch (const clipbound::InputError& error) {
    std::cout << "caught: " << error.what() << "\n";
  }
  const auto network = clipbound::Network::load(argv[1]);
  const auto query = clipbound::Query::load(argv[2]);
  const auto result =
      clipbound::solve(network, query, clipbound::OptionFields{.time_limit_s = 60, .threads = 1});
  const auto bounds = clipbound::bounds_of(network, query.box_lower(0), query.box_upper(0));
  std::cout << "clipbound " << clipbound::version() << ": " << clipbound::name_of(result.verdict)
            << ", Y_0 in [" << bounds.lower[0] << ", " << bounds.upper[0] << "]\n";
  return result.verdict == clipbound::Verdict::unsat ? 0 : 1;
}
