#!/usr/bin/env bash
# install_tool.sh v1 - installs what is missing (as root or through sudo) and builds Clipbound for this machine.
set -eu
if [ $# -ne 1 ] || [ "$1" != v1 ]; then
  echo "usage: install_tool.sh v1" >&2
  exit 1
fi
cd "$(dirname "$(readlink -f "$0")")/../.."
./scripts/install_packages
cmake --preset native -DCLIPBOUND_TESTS=OFF -DCLIPBOUND_BENCHMARKS=OFF >/dev/null
cmake --build build/native --target clipbound_cli
build/native/clipbound --version
