# Installs the program, both libraries with their headers, and the CMake package `troupe`, with which
# find_package(troupe) gives troupe::actors and troupe::net. The installed tree may be moved.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(troupe_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/troupe)

install(TARGETS troupe RUNTIME COMPONENT program)
install(TARGETS troupe_actors troupe_net EXPORT troupe_targets
        ARCHIVE COMPONENT development
        LIBRARY COMPONENT development
        FILE_SET HEADERS COMPONENT development)
install(EXPORT troupe_targets NAMESPACE troupe:: DESTINATION ${troupe_package_dir}
        FILE troupeTargets.cmake COMPONENT development)

configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/troupeConfig.cmake.in ${PROJECT_BINARY_DIR}/troupeConfig.cmake
  INSTALL_DESTINATION ${troupe_package_dir})
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/troupeConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES
  ${PROJECT_BINARY_DIR}/troupeConfig.cmake
  ${PROJECT_BINARY_DIR}/troupeConfigVersion.cmake
  ${CMAKE_CURRENT_LIST_DIR}/FindCAF.cmake
  DESTINATION ${troupe_package_dir} COMPONENT development)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/README.md
        DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT program)

include(debian_packages)
