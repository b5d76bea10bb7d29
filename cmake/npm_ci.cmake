# Installs the packages of a folder, unless they are there as its package-lock.json wants them:
#   cmake -D npm=npm -D folder=... -P npm_ci.cmake
set(installed ${folder}/node_modules/.package-lock.json) # npm ci writes it last
if(EXISTS ${installed} AND ${installed} IS_NEWER_THAN ${folder}/package-lock.json)
  return()
endif()
execute_process(COMMAND ${npm} ci --ignore-scripts --no-audit --no-fund --no-update-notifier --fetch-retries=1
  WORKING_DIRECTORY ${folder} COMMAND_ERROR_IS_FATAL ANY)
