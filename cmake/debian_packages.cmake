# cpack -G DEB makes two packages: `troupe`, the program with its systemd unit and configuration, and
# `libtroupe-dev`, the libraries, headers and the CMake package. They go to /usr, wherever an installation of this
# build would go; what has its place in packages only is left out there.
add_custom_command(OUTPUT ${PROJECT_BINARY_DIR}/troupe.toml
  COMMAND troupe gen-config > ${PROJECT_BINARY_DIR}/troupe.toml
  DEPENDS troupe VERBATIM)
add_custom_target(troupe_default_config ALL DEPENDS ${PROJECT_BINARY_DIR}/troupe.toml)
install(FILES ${PROJECT_BINARY_DIR}/troupe.toml DESTINATION /etc/troupe COMPONENT service EXCLUDE_FROM_ALL)
install(FILES ${PROJECT_SOURCE_DIR}/cmake/debian/troupe.service
        DESTINATION /usr/lib/systemd/system COMPONENT service EXCLUDE_FROM_ALL)

set(CPACK_GENERATOR DEB)
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_CONTACT "Troupe <troupe@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_COMPONENTS_ALL program service development)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)

set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME troupe)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/cmake/debian/conffiles)

set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_NAME libtroupe-dev)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEVELOPMENT_PACKAGE_DEPENDS
  "libcaf-dev, libboost-dev, libfmt-dev, libssl-dev, zlib1g-dev, nlohmann-json3-dev, libprotobuf-dev, protobuf-compiler, libsimdjson-dev, libsqlite3-dev, libnats-dev, liburing-dev, prometheus-cpp-dev, pkg-config")
include(CPack)
cpack_add_component(program GROUP program)
cpack_add_component(service GROUP program)
cpack_add_component(development GROUP development)
