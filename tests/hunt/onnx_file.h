#pragma once
// A network as the bytes of an ONNX file, for programs that read no other.
#include <string>

#include "specs/network/network.h"
#include "tests/support/floors.h"

namespace clipbound::test {

/// Throws Refused (planted.h) where the network has values that files have no form for.
std::string onnx_file(const Network& network);

}  // namespace clipbound::test
