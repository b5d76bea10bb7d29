# The rules of the tree as tests: who includes whom, how long a file may be, how folders are called, which tests run.
foreach(check includes lengths folders tests)
  add_test(NAME architecture.${check}
    COMMAND ${CMAKE_COMMAND} -D check=${check} -P ${CMAKE_CURRENT_LIST_DIR}/architecture_test.cmake)
  set_tests_properties(architecture.${check} PROPERTIES LABELS architecture TIMEOUT 60)
endforeach()

# Every public header compiles alone.
if(CMAKE_VERIFY_INTERFACE_HEADER_SETS)
  add_test(NAME architecture.headers
    COMMAND ${CMAKE_COMMAND} --build ${PROJECT_BINARY_DIR} --target all_verify_interface_header_sets)
  set_tests_properties(architecture.headers PROPERTIES LABELS architecture RUN_SERIAL ON TIMEOUT 600)
endif()

# The code in the documentation is that of the examples.
add_test(NAME docs.snippets COMMAND ${CMAKE_COMMAND} -P ${CMAKE_CURRENT_LIST_DIR}/snippets_test.cmake)
set_tests_properties(docs.snippets PROPERTIES LABELS docs TIMEOUT 30)
