# A newcomer's first minutes: troupe new, configure, build, test.
set(project ${where}/my-server)
file(REMOVE_RECURSE ${project})
execute_process(COMMAND ${troupe} new my-server WORKING_DIRECTORY ${where} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} -S ${project} -B ${project}/build -G ${generator}
  -D CMAKE_PREFIX_PATH=${prefix} -D CMAKE_BUILD_TYPE=${type} -D CMAKE_CXX_COMPILER=${compiler}
  -D CMAKE_CXX_COMPILER_LAUNCHER=${launcher} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} --build ${project}/build COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_CTEST_COMMAND} --test-dir ${project}/build --output-on-failure
  COMMAND_ERROR_IS_FATAL ANY)
