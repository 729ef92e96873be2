# Finds the headers of curves by their names (bounds/relax/*_curve.h and *_curves.h) and writes the
# header bounds/relax/curve_headers.h, which includes them all: a new curve is a new file.
file(GLOB curve_headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}
  bounds/relax/*_curve.h bounds/relax/*_curves.h)
list(TRANSFORM curve_headers REPLACE "(.+)" "#include \"\\1\"\n")
list(JOIN curve_headers "" curve_headers)
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/bounds/relax/curve_headers.h
  CONTENT "#pragma once\n// Made by cmake/curve_headers.cmake.\n@curve_headers@" @ONLY)
target_include_directories(clipbound_bounds PRIVATE ${CMAKE_BINARY_DIR}/generated)
