# The library as others use it: one static and one shared library made of the floors' objects, headers, CMake and pkg-config
# files. `cmake --install build/release --prefix /usr/local`.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(clipbound_objects)
foreach(floor base specs bounds solver)
  list(APPEND clipbound_objects $<TARGET_OBJECTS:clipbound_${floor}>)
endforeach()

# What the objects need of others. The installed static library names it by library, not by this machine's paths.
set(clipbound_needs TBB::tbb ZLIB::ZLIB protobuf::libprotobuf ${CMAKE_DL_LIBS}
  $<BUILD_INTERFACE:${CLIPBOUND_ONNX_PROTO}> $<INSTALL_INTERFACE:onnx_proto>
  $<BUILD_INTERFACE:${CLIPBOUND_GMPXX}> $<INSTALL_INTERFACE:gmpxx>
  $<BUILD_INTERFACE:${CLIPBOUND_GMP}> $<INSTALL_INTERFACE:gmp>
  $<BUILD_INTERFACE:${CLIPBOUND_NETTLE}> $<INSTALL_INTERFACE:nettle>
  $<BUILD_INTERFACE:${CLIPBOUND_CADICAL}> $<INSTALL_INTERFACE:cadical>)

function(clipbound_library target kind)
  add_library(${target} ${kind} ${clipbound_objects})
  set_target_properties(${target} PROPERTIES OUTPUT_NAME clipbound LINKER_LANGUAGE CXX)
  target_include_directories(${target} INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(${target} INTERFACE cxx_std_20)
  target_link_libraries(${target} PRIVATE ${clipbound_needs})
  if(CLIPBOUND_SANITIZE)
    target_link_options(${target} PRIVATE -fsanitize=${CLIPBOUND_SANITIZE})
  endif()
endfunction()

clipbound_library(clipbound_static STATIC)
clipbound_library(clipbound_shared SHARED)
set_target_properties(clipbound_static PROPERTIES EXPORT_NAME static)
set_target_properties(clipbound_shared PROPERTIES EXPORT_NAME clipbound VERSION ${PROJECT_VERSION}
  SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR} LINK_DEPENDS ${CMAKE_SOURCE_DIR}/cmake/clipbound.map)
target_link_options(clipbound_shared PRIVATE -Wl,--version-script=${CMAKE_SOURCE_DIR}/cmake/clipbound.map -Wl,--as-needed)

set(clipbound_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/clipbound)
# Three components: the tool, the shared library, and what building against the library takes (cmake/packages.cmake).
# What has not been built yet is said before anything is copied.
function(clipbound_must_be_built component)
  foreach(target ${ARGN})
    install(CODE "
      if(NOT EXISTS \"$<TARGET_FILE:${target}>\")
        message(FATAL_ERROR \"$<TARGET_FILE:${target}> is not built yet: cmake --build ${CMAKE_BINARY_DIR} --target ${target}\")
      endif()" COMPONENT ${component})
  endforeach()
endfunction()
clipbound_must_be_built(library clipbound_shared)
clipbound_must_be_built(development clipbound_static)
clipbound_must_be_built(tool clipbound_cli)
clipbound_must_be_built(tool clipbound_check)
install(TARGETS clipbound_cli clipbound_check RUNTIME COMPONENT tool)
install(TARGETS clipbound_shared EXPORT clipboundTargets
  LIBRARY COMPONENT library NAMELINK_COMPONENT development)
install(TARGETS clipbound_static EXPORT clipboundStaticTargets ARCHIVE COMPONENT development)
install(EXPORT clipboundTargets NAMESPACE clipbound:: DESTINATION ${clipbound_cmake_dir} COMPONENT development)
install(EXPORT clipboundStaticTargets NAMESPACE clipbound:: DESTINATION ${clipbound_cmake_dir} COMPONENT development)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/clipbound DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development
  FILES_MATCHING PATTERN "*.h")
install(FILES ${CMAKE_BINARY_DIR}/include/clipbound/options.def DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/clipbound
  COMPONENT development)

configure_package_config_file(cmake/clipboundConfig.cmake.in clipboundConfig.cmake INSTALL_DESTINATION ${clipbound_cmake_dir})
# Before 1.0 a new minor version may change the interface.
write_basic_package_version_file(clipboundConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/clipboundConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/clipboundConfigVersion.cmake
  DESTINATION ${clipbound_cmake_dir} COMPONENT development)
# pkg-config finds the prefix from where its file lies, so that a tree can be moved.
file(RELATIVE_PATH CLIPBOUND_PREFIX_FROM_PC /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/clipbound.pc.in clipbound.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/clipbound.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
install(FILES LICENSE README.md CHANGELOG.md docs/result.schema.json DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT tool)
# The program has written these about itself (CMakeLists.txt).
install(FILES ${CMAKE_BINARY_DIR}/clipbound.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 COMPONENT tool)
install(FILES ${CMAKE_BINARY_DIR}/clipbound.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions
  RENAME clipbound COMPONENT tool)
install(FILES ${CMAKE_BINARY_DIR}/_clipbound DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions COMPONENT tool)
install(FILES ${CMAKE_BINARY_DIR}/clipbound.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d COMPONENT tool)
include(cmake/packages.cmake)
