# The dashboard of web/dashboard: built by npm and Vite, embedded as app/dashboard_pages.hpp. Without npm, or when it
# fails, a page stands in that says how to get it; the server needs neither.
#
#   troupe_embed_dashboard(<target>)
#
# Run as a script (cmake -P, as the build does) this file builds it.

if(NOT CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  set(TROUPE_BUILD_DASHBOARD AUTO CACHE STRING "Build the dashboard with npm: AUTO, if that works; ON; OFF")
  include(embed_files)
endif()

function(troupe_embed_dashboard target)
  set(source ${PROJECT_SOURCE_DIR}/web/dashboard)
  set(stand_in ${PROJECT_SOURCE_DIR}/web/no_dashboard)
  find_program(TROUPE_NPM npm)
  if(TROUPE_BUILD_DASHBOARD AND NOT TROUPE_NPM)
    set(severity FATAL_ERROR)
    if(TROUPE_BUILD_DASHBOARD STREQUAL "AUTO")
      set(severity STATUS)
    endif()
    message(${severity} "No npm, no dashboard: scripts/setup --tests installs it")
  endif()
  if(NOT TROUPE_BUILD_DASHBOARD OR NOT TROUPE_NPM)
    troupe_embed_pages(${target} app/dashboard_pages.hpp /admin/ ${stand_in} index.html)
    return()
  endif()
  file(GLOB inputs CONFIGURE_DEPENDS ${source}/*.js ${source}/*.json ${source}/*.html ${source}/*.css
       ${PROJECT_SOURCE_DIR}/web/palette.css)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/dashboard)
  add_custom_command(
    OUTPUT ${output}.stamp
    COMMAND ${CMAKE_COMMAND} -D npm=${TROUPE_NPM} -D source=${source} -D stand_in=${stand_in} -D output=${output}
            -D wanted=${TROUPE_BUILD_DASHBOARD} -P ${CMAKE_CURRENT_FUNCTION_LIST_FILE}
    COMMAND ${CMAKE_COMMAND} -E touch ${output}.stamp
    DEPENDS ${inputs} ${stand_in}/index.html ${CMAKE_CURRENT_FUNCTION_LIST_FILE}
    COMMENT "Building the dashboard"
    VERBATIM)
  troupe_embed_pages(${target} app/dashboard_pages.hpp /admin/ ${output} BUILT_BY ${output}.stamp)
endfunction()

if(NOT CMAKE_SCRIPT_MODE_FILE STREQUAL CMAKE_CURRENT_LIST_FILE)
  return()
endif()

file(REMOVE_RECURSE ${output})
execute_process(
  COMMAND ${CMAKE_COMMAND} -D npm=${npm} -D folder=${source} -P ${CMAKE_CURRENT_LIST_DIR}/npm_ci.cmake
  OUTPUT_VARIABLE log ERROR_VARIABLE log RESULT_VARIABLE failed)
if(NOT failed)
  execute_process(COMMAND ${npm} run build -- --outDir ${output} --emptyOutDir --logLevel warn
    WORKING_DIRECTORY ${source} OUTPUT_VARIABLE log ERROR_VARIABLE log RESULT_VARIABLE failed)
endif()
if(NOT failed)
  return()
endif()
if(wanted STREQUAL "AUTO")
  message(WARNING "${log}\nThe dashboard was not built; the program is built without it. To try again: "
                  "cmake -D TROUPE_BUILD_DASHBOARD=ON and build.")
  file(COPY ${stand_in}/index.html DESTINATION ${output})
else()
  message(FATAL_ERROR "${log}\nThe dashboard was not built. To go on without it: cmake -D TROUPE_BUILD_DASHBOARD=OFF.")
endif()
