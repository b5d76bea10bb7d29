# What a newcomer does who follows the guide alone: copies its first program, builds it with the installed package,
# starts it. The program has to be one with a channel actor, and short.
file(READ ${guide} text)
string(FIND "${text}" "<!-- snippet: examples/numbering/numbering.cpp program -->" at)
string(SUBSTRING "${text}" ${at} -1 text)
string(FIND "${text}" "```cpp\n" begin)
string(FIND "${text}" "\n```\n" end)
math(EXPR begin "${begin} + 7")
math(EXPR length "${end} - ${begin} + 1")
string(SUBSTRING "${text}" ${begin} ${length} program)
string(REGEX MATCHALL "\n" lines "${program}")
list(LENGTH lines count)
if(NOT program MATCHES "namespace_actor" OR NOT count LESS 40)
  message(FATAL_ERROR "the guide's first channel actor takes ${count} lines, not fewer than 40:\n${program}")
endif()

set(project ${where}/newcomer)
file(REMOVE_RECURSE ${project})
file(WRITE ${project}/main.cpp "${program}")
file(WRITE ${project}/CMakeLists.txt "cmake_minimum_required(VERSION 3.25)
project(newcomer LANGUAGES CXX)
find_package(troupe 0.1 REQUIRED)
add_executable(newcomer main.cpp)
target_link_libraries(newcomer PRIVATE troupe::net)
")
execute_process(COMMAND ${CMAKE_COMMAND} -S ${project} -B ${project}/build -G ${generator}
  -D CMAKE_PREFIX_PATH=${prefix} -D CMAKE_BUILD_TYPE=${type} -D CMAKE_CXX_COMPILER=${compiler}
  -D CMAKE_CXX_COMPILER_LAUNCHER=${launcher} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${project}/build COMMAND_ERROR_IS_FATAL ANY)
# It serves until it is told to stop, and then ends well.
execute_process(COMMAND timeout --preserve-status --signal=TERM 3 ${project}/build/newcomer 0
  OUTPUT_VARIABLE said RESULT_VARIABLE result)
if(NOT result EQUAL 0 OR NOT said MATCHES "^listening on http://localhost:[0-9]+/\n")
  message(FATAL_ERROR "the guide's first channel actor: ${result}: ${said}")
endif()
