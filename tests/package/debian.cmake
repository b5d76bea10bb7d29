# The Debian packages of `build`: what is in them, and whether it works where it is unpacked to.
function(run out)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE text COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
  set(${out} "${text}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE ${where})
file(MAKE_DIRECTORY ${where})
run(said ${cpack} -G DEB --config ${build}/CPackConfig.cmake -B ${where})

# Unpacks a package below its name. Fails if one of the paths is not in it, or one of another package's is.
function(unpack package)
  cmake_parse_arguments(PARSE_ARGV 1 has "" "" "PATHS;LACKS")
  file(GLOB deb ${where}/${package}_*.deb)
  list(LENGTH deb found)
  if(NOT found EQUAL 1)
    message(FATAL_ERROR "${package}: ${found} packages, not 1: ${deb}")
  endif()
  run(contents dpkg-deb --contents ${deb})
  foreach(path IN LISTS has_PATHS)
    if(NOT contents MATCHES " \\.${path}\n")
      message(FATAL_ERROR "${package}: ${path} is missing:\n${contents}")
    endif()
  endforeach()
  foreach(path IN LISTS has_LACKS)
    if(contents MATCHES " \\.${path}")
      message(FATAL_ERROR "${package}: ${path} does not belong there:\n${contents}")
    endif()
  endforeach()
  run(said dpkg-deb -x ${deb} ${where}/${package})
  run(depends dpkg-deb --field ${deb} Depends)
  set(depends "${depends}" PARENT_SCOPE)
  run(conffiles dpkg-deb --info ${deb})
  set(info "${conffiles}" PARENT_SCOPE)
endfunction()

unpack(troupe
  PATHS /usr/bin/troupe /etc/troupe/troupe.toml /usr/lib/systemd/system/troupe.service
        /usr/share/doc/troupe/README.md /usr/share/doc/troupe/docs/operations.md
  LACKS /usr/include /usr/lib/cmake)
if(NOT depends MATCHES "libc6" OR NOT depends MATCHES "libcaf-core")
  message(FATAL_ERROR "troupe depends on '${depends}': not what it is linked with")
endif()
if(NOT info MATCHES "conffiles")
  message(FATAL_ERROR "troupe: an upgrade would overwrite the configuration:\n${info}")
endif()
set(troupe ${where}/troupe/usr/bin/troupe)
run(said ${troupe} version)
run(said ${troupe} check-config --config ${where}/troupe/etc/troupe/troupe.toml)
# Without these the console of the service cannot be reached, events are not kept, and nobody knows when it listens.
file(READ ${where}/troupe/usr/lib/systemd/system/troupe.service unit)
foreach(line "Type=notify" "ExecReload=" "RuntimeDirectory=troupe" "StateDirectory=troupe")
  if(NOT unit MATCHES "\n${line}")
    message(FATAL_ERROR "troupe.service lacks ${line}")
  endif()
endforeach()
find_program(systemd_analyze systemd-analyze)
if(systemd_analyze)
  # It wants to see the programs the unit starts: its root is what was unpacked, and a shell.
  file(MAKE_DIRECTORY ${where}/troupe/bin)
  file(COPY_FILE /bin/sh ${where}/troupe/bin/sh)
  execute_process(COMMAND ${systemd_analyze} verify --root=${where}/troupe --recursive-errors=no troupe.service
    OUTPUT_VARIABLE said ERROR_VARIABLE faults RESULT_VARIABLE result)
  if(result OR faults MATCHES "troupe.service")
    message(FATAL_ERROR "systemd-analyze verify: ${result} ${said}${faults}")
  endif()
endif()

unpack(libtroupe-dev
  PATHS /usr/include/troupe/server.hpp /usr/include/troupe/hooks/messages.hpp
        /usr/include/troupe/testing/stage.hpp "/usr/lib[^ ]*/libtroupe_net\\.a" "/usr/lib[^ ]*/libtroupe_actors\\.a"
        "/usr/lib[^ ]*/cmake/troupe/troupeConfig\\.cmake" "/usr/lib[^ ]*/cmake/troupe/FindCAF\\.cmake"
  LACKS /usr/bin /etc)
