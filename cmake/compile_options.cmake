# Warnings and sanitizers as interface targets: linked PRIVATE, so that consumers do not inherit them.
add_library(troupe_warnings INTERFACE)
target_compile_options(troupe_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers $<$<BOOL:${TROUPE_WERROR}>:-Werror>)

add_library(troupe_sanitizers INTERFACE)
if(TROUPE_SANITIZE STREQUAL "address")
  target_compile_options(troupe_sanitizers INTERFACE
    -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(troupe_sanitizers INTERFACE -fsanitize=address,undefined)
elseif(TROUPE_SANITIZE STREQUAL "thread")
  target_compile_options(troupe_sanitizers INTERFACE -fsanitize=thread -fno-omit-frame-pointer)
  target_link_options(troupe_sanitizers INTERFACE -fsanitize=thread)
elseif(TROUPE_SANITIZE)
  message(FATAL_ERROR "TROUPE_SANITIZE must be empty, address or thread, not '${TROUPE_SANITIZE}'")
endif()

# Every target of ours: C++20, warnings, sanitizers.
function(troupe_target name)
  target_compile_features(${name} PUBLIC cxx_std_20)
  target_link_libraries(${name} PRIVATE
    $<BUILD_INTERFACE:troupe_warnings> $<BUILD_INTERFACE:troupe_sanitizers>)
endfunction()
