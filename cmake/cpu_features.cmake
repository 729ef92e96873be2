# CLIPBOUND_NEEDED_CPU_FEATURES: those instruction sets of a list that -march=${CLIPBOUND_MARCH} lets the compiler use, as
# base/cpu.cpp reads them. Files that say so are compiled for every x86-64 processor.
execute_process(COMMAND ${CMAKE_CXX_COMPILER} -march=${CLIPBOUND_MARCH} -dM -E -x c++ /dev/null
  OUTPUT_VARIABLE clipbound_macros ERROR_QUIET)
set(CLIPBOUND_NEEDED_CPU_FEATURES "")
foreach(feature AVX AVX2 BMI BMI2 FMA AVX512F AVX512BW AVX512CD AVX512DQ AVX512VL AVX512IFMA AVX512VBMI)
  if(clipbound_macros MATCHES "#define __${feature}__ ")
    string(TOLOWER ${feature} name)
    string(APPEND CLIPBOUND_NEEDED_CPU_FEATURES "FEATURE(\"${name}\", \"${feature}\") ")
  endif()
endforeach()
set_source_files_properties(base/cpu.cpp PROPERTIES
  COMPILE_DEFINITIONS "CLIPBOUND_NEEDED_CPU_FEATURES=${CLIPBOUND_NEEDED_CPU_FEATURES}")
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  set_source_files_properties(base/cpu.cpp cli/cpu_check.cpp PROPERTIES COMPILE_OPTIONS "-march=x86-64")
endif()
