# Installs `build` below `stage`, then moves it: whoever uses it from there proves that it may be moved.
file(REMOVE_RECURSE ${stage})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${build} --prefix ${stage}/installed
                COMMAND_ERROR_IS_FATAL ANY)
file(RENAME ${stage}/installed ${stage}/moved)
