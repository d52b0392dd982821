# DDB_SANITIZE: empty, "address,undefined" or "thread".
set(DDB_SANITIZE "" CACHE STRING "Sanitizers to build with")
if(DDB_SANITIZE)
  add_compile_options(-fsanitize=${DDB_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${DDB_SANITIZE})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Instrumented, <regex> and <optional> look uninitialized to it: https://gcc.gnu.org/bugzilla/show_bug.cgi?id=105562
    add_compile_options(-Wno-maybe-uninitialized)
  endif()
  if(DDB_SANITIZE MATCHES "thread")
    # GCC's thread sanitizer does not model fences; Asio then uses locked operations instead.
    add_compile_definitions(BOOST_ASIO_DISABLE_FENCED_BLOCK)
  endif()
endif()
