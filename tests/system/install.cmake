# Installs the packages of the system tests, unless they are there as package-lock.json wants them:
#   cmake -D NPM=npm -P install.cmake
set(here ${CMAKE_CURRENT_LIST_DIR})
set(installed ${here}/node_modules/.package-lock.json) # npm ci writes it last
if(EXISTS ${installed} AND ${installed} IS_NEWER_THAN ${here}/package-lock.json)
  return()
endif()
execute_process(COMMAND ${NPM} ci --ignore-scripts --no-audit --no-fund --no-update-notifier
  WORKING_DIRECTORY ${here} COMMAND_ERROR_IS_FATAL ANY)
