# Writes one ctest test for each test of a GoogleTest program; all instances of a parametrised test are
# one, run in one process. (gtest_discover_tests makes a process of each instance: 6400 of our tests are
# instances that take a millisecond, while starting their program takes fifty.)
#
# cmake -D PROGRAM=... -D FOLDER=working directory -D TIMEOUT=seconds -D OUTPUT=file for ctest -P discover.cmake
cmake_minimum_required(VERSION 3.25)

execute_process(COMMAND ${PROGRAM} --gtest_list_tests WORKING_DIRECTORY ${FOLDER} TIMEOUT 60
  OUTPUT_VARIABLE listed RESULT_VARIABLE result)
if(NOT result EQUAL 0)
  message(FATAL_ERROR "${PROGRAM} --gtest_list_tests: ${result}\n${listed}")
endif()

# Skipped is what ends with skipped instances alone. ctest would take any other mark of a skipped
# instance for more than the failure of another one.
set(all_skipped "PASSED  \\] 0 tests\\.\n(\\[  SKIPPED \\][^\n]*\n)+$")

set(script "")
set(names "")
string(REGEX REPLACE " *#[^\n]*" "" listed "${listed}")  # types and values of parameters
string(REPLACE "\n" ";" lines "${listed}")
foreach(line IN LISTS lines)
  if(line MATCHES "^[^ ].*\\.$")  # a suite; other lines that are not indented are the program's own
    set(suite ${line})
  elseif(line MATCHES "^  ([^/]+)(/?)")
    set(name ${suite}${CMAKE_MATCH_1})
    set(filter ${name})
    if(CMAKE_MATCH_2)
      set(filter "${name}/*")
    endif()
    string(REGEX REPLACE "(^|[./])DISABLED_" "\\1" shown ${name})
    if(shown IN_LIST names)
      continue()  # a further instance
    endif()
    list(APPEND names ${shown})
    string(APPEND script "add_test([==[${shown}]==] [==[${PROGRAM}]==] [==[--gtest_filter=${filter}]==])\n"
      "set_tests_properties([==[${shown}]==] PROPERTIES WORKING_DIRECTORY [==[${FOLDER}]==] TIMEOUT ${TIMEOUT}\n"
      "  SKIP_REGULAR_EXPRESSION [==[${all_skipped}]==])\n")
    if(NOT shown STREQUAL name)
      string(APPEND script "set_tests_properties([==[${shown}]==] PROPERTIES DISABLED TRUE)\n")
    endif()
  endif()
endforeach()
if(names STREQUAL "")
  message(FATAL_ERROR "${PROGRAM} lists no tests:\n${listed}")
endif()
file(WRITE ${OUTPUT} "${script}")
