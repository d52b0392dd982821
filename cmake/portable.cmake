# DDB_PORTABLE: the same libraries as archives, and a program without a dynamic linker. Debian 12 has no archive of two of
# them: simdjson is built from Debian's own source package (scripts/setup portable), fmt is its headers alone in every release.
set(OPENSSL_USE_STATIC_LIBS ON)
set(ZLIB_USE_STATIC_LIBS ON)
# The linker warns of getaddrinfo, which OpenSSL's BIO has and nobody calls.
add_link_options(-static-pie)

set(DDB_SIMDJSON_SOURCE "$ENV{DDB_SIMDJSON_SOURCE}" CACHE PATH "Folder of simdjson.h and simdjson.cpp")
if(NOT EXISTS ${DDB_SIMDJSON_SOURCE}/simdjson.cpp)
  message(FATAL_ERROR "DDB_SIMDJSON_SOURCE has no simdjson.cpp: scripts/setup portable fetches it, scripts/package builds with it")
endif()
add_library(ddb_simdjson STATIC ${DDB_SIMDJSON_SOURCE}/simdjson.cpp)
target_include_directories(ddb_simdjson SYSTEM PUBLIC ${DDB_SIMDJSON_SOURCE})
target_compile_definitions(ddb_simdjson PUBLIC SIMDJSON_THREADS_ENABLED=1)  # as Debian's own target has it
target_compile_options(ddb_simdjson PRIVATE -w)
add_library(simdjson::simdjson ALIAS ddb_simdjson)

# ddb_archive(NAME ARCHIVE): the target that pkg-config gives in a build with shared libraries.
function(ddb_archive name archive)
  find_library(DDB_ARCHIVE_${name} ${archive} REQUIRED)
  add_library(PkgConfig::${name} INTERFACE IMPORTED)
  target_link_libraries(PkgConfig::${name} INTERFACE ${DDB_ARCHIVE_${name}})
endfunction()
ddb_archive(utf8proc libutf8proc.a)
ddb_archive(cares libcares.a)
