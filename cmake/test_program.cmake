# ddb_test_program(TARGET): the target is a part of test_programs; of the default build only with DDB_TESTS_BY_DEFAULT, so that
# who wants the program alone waits for the program alone.
add_custom_target(test_programs)

# DDB_TEST_PART: K/N for every Nth test program, from the Kth (0 to N - 1), and no other; empty: all.
set(DDB_TEST_PART "" CACHE STRING "A part of the test programs")

# ddb_wants_test(NAME THREADS): sets NAME_wanted, whether this build has this test program. One without threads shows the thread
# sanitizer nothing, and takes minutes for it.
function(ddb_wants_test name threads)
  get_property(number GLOBAL PROPERTY ddb_test_number)
  if(NOT number)
    set(number 0)
  endif()
  set(wanted ON)
  if(DDB_TEST_PART MATCHES "^([0-9]+)/([1-9][0-9]*)$")
    math(EXPR part "${number} % ${CMAKE_MATCH_2}")
    if(NOT part EQUAL CMAKE_MATCH_1)
      set(wanted OFF)
    endif()
  elseif(DDB_TEST_PART)
    message(FATAL_ERROR "DDB_TEST_PART is K/N, and not ${DDB_TEST_PART}")
  endif()
  if(DDB_SANITIZE MATCHES "thread" AND NOT threads)
    set(wanted OFF)
  endif()
  math(EXPR number "${number} + 1")
  set_property(GLOBAL PROPERTY ddb_test_number ${number})
  set(${name}_wanted ${wanted} PARENT_SCOPE)
endfunction()

function(ddb_test_program target)
  add_dependencies(test_programs ${target})
  if(NOT DDB_TESTS_BY_DEFAULT)
    set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
endfunction()

# ddb_test_headers(): afterwards, ddb_precompile_tests(TARGET) spares a test program of this folder, or one below it, the
# reading of GoogleTest's headers for each of its files, which is most of what a short test costs to compile. (Of the same
# folder, as the options have to be the same.)
function(ddb_test_headers)
  set(source ${CMAKE_CURRENT_BINARY_DIR}/test_headers.cc)
  file(CONFIGURE OUTPUT ${source} CONTENT "")
  add_library(ddb_test_headers OBJECT EXCLUDE_FROM_ALL ${source})
  target_link_libraries(ddb_test_headers PRIVATE GTest::gmock)
  target_precompile_headers(ddb_test_headers PRIVATE <gmock/gmock.h> <gtest/gtest.h>)
endfunction()

function(ddb_precompile_tests target)
  target_precompile_headers(${target} REUSE_FROM ddb_test_headers)
endfunction()
