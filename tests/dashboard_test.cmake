# What the build makes of the dashboard when npm fails: cmake -D scratch=FOLDER -P dashboard_test.cmake
cmake_minimum_required(VERSION 3.25)
cmake_path(GET CMAKE_CURRENT_LIST_DIR PARENT_PATH root)
set(stand_in ${root}/web/no_dashboard)
file(REMOVE_RECURSE ${scratch})
file(MAKE_DIRECTORY ${scratch}/source)

function(build wanted)
  execute_process(
    COMMAND ${CMAKE_COMMAND} -D npm=false -D source=${scratch}/source -D stand_in=${stand_in} -D output=${scratch}/built
            -D wanted=${wanted} -P ${root}/cmake/dashboard.cmake
    OUTPUT_VARIABLE log ERROR_VARIABLE log RESULT_VARIABLE result)
  set(log "${log}" PARENT_SCOPE)
  set(result "${result}" PARENT_SCOPE)
endfunction()

build(AUTO)
if(result OR NOT log MATCHES "TROUPE_BUILD_DASHBOARD=ON")
  message(FATAL_ERROR "without being asked for it, a build goes on without it and says so; got ${result}:\n${log}")
endif()
file(READ ${scratch}/built/index.html built)
file(READ ${stand_in}/index.html expected)
if(NOT built STREQUAL expected)
  message(FATAL_ERROR "a page stands in for it; got:\n${built}")
endif()
build(ON)
if(NOT result OR NOT log MATCHES "TROUPE_BUILD_DASHBOARD=OFF")
  message(FATAL_ERROR "a build that wants it fails without it and says so; got ${result}:\n${log}")
endif()
