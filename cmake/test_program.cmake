# ddb_test_program(TARGET): the target is a part of test_programs; of the default build only with DDB_TESTS_BY_DEFAULT, so that
# who wants the program alone waits for the program alone.
add_custom_target(test_programs)

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
