# ddb_test_program(TARGET): the target is a part of test_programs; of the default build only with DDB_TESTS_BY_DEFAULT, so that
# who wants the program alone waits for the program alone.
add_custom_target(test_programs)

function(ddb_test_program target)
  add_dependencies(test_programs ${target})
  if(NOT DDB_TESTS_BY_DEFAULT)
    set_target_properties(${target} PROPERTIES EXCLUDE_FROM_ALL ON)
  endif()
endfunction()
