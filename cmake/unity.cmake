# DDB_UNITY: so many sources of a target are compiled as one, since reading their headers is most of what a short source costs
# to compile (docs/decisions/0018). 0: each by itself, as every release is: what is measured and shipped knows nothing of this.
if(CMAKE_BUILD_TYPE STREQUAL "Debug" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT DDB_SANITIZE
   AND NOT EXISTS ${CMAKE_BINARY_DIR}/build.ninja)
  set(ddb_unity 8)
else()
  set(ddb_unity 0)  # a folder that was built before this was there goes on as it has begun
endif()
set(DDB_UNITY ${ddb_unity} CACHE STRING "Sources of a target that are compiled as one; 0: each by itself")
if(DDB_UNITY GREATER 0 AND CMAKE_BUILD_TYPE STREQUAL "Release")
  # Many of its sources have options of their own (src/CMakeLists.txt), which would be lost.
  message(FATAL_ERROR "DDB_UNITY=${DDB_UNITY}: a release compiles each source by itself")
endif()
if(DDB_UNITY GREATER 0 AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # It takes for a header what is included, in which a class with a member of an unnamed namespace were a fault.
  add_compile_options(-Wno-subobject-linkage)
endif()

# ddb_unite(VARIABLE NAME): in place of the sources of this folder that VARIABLE lists, files that include so many of them, of
# equal numbers; those with the property DDB_ALONE, or with options of their own, stay. CMake's own files (UNITY_BUILD) include
# by the whole path, so that with a precompiled header no other clone on the machine shared the cache.
function(ddb_unite variable name)
  set(alone)
  set(united)
  foreach(source ${${variable}})
    get_source_file_property(is_alone ${source} DDB_ALONE)
    get_source_file_property(options ${source} COMPILE_OPTIONS)
    if(is_alone OR options)
      list(APPEND alone ${source})
    else()
      list(APPEND united ${source})
    endif()
  endforeach()
  list(LENGTH united count)
  if(DDB_UNITY LESS 2 OR count LESS 2)
    return()
  endif()
  get_filename_component(root ${CMAKE_CURRENT_SOURCE_DIR} DIRECTORY)  # by which they include each other's headers
  math(EXPR batches "(${count} + ${DDB_UNITY} - 1) / ${DDB_UNITY}")
  set(from 0)
  foreach(batch RANGE 1 ${batches})
    math(EXPR to "${count} * ${batch} / ${batches}")
    math(EXPR length "${to} - ${from}")
    list(SUBLIST united ${from} ${length} sources)
    set(from ${to})
    set(text)
    foreach(source ${sources})
      file(RELATIVE_PATH path ${root} ${source})
      string(APPEND text "#include \"${path}\"\n")
    endforeach()
    set(file ${CMAKE_CURRENT_BINARY_DIR}/unity/${name}_${batch}.cc)
    file(CONFIGURE OUTPUT ${file} CONTENT "${text}" @ONLY)
    list(APPEND alone ${file})
  endforeach()
  set(${variable} ${alone} PARENT_SCOPE)
endfunction()
