# The library as others use it: one static and one shared library made of the floors' objects, headers, CMake and pkg-config
# files. `cmake --install build/release --prefix /usr/local`.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(clipbound_objects)
foreach(floor base specs bounds solver)
  list(APPEND clipbound_objects $<TARGET_OBJECTS:clipbound_${floor}>)
endforeach()

# What the objects need of others. The installed static library names it by library, not by this machine's paths.
set(clipbound_needs TBB::tbb fmt::fmt ZLIB::ZLIB protobuf::libprotobuf ${CMAKE_DL_LIBS}
  $<BUILD_INTERFACE:${CLIPBOUND_ONNX_PROTO}> $<INSTALL_INTERFACE:onnx_proto>
  $<BUILD_INTERFACE:${CLIPBOUND_GMPXX}> $<INSTALL_INTERFACE:gmpxx>
  $<BUILD_INTERFACE:${CLIPBOUND_GMP}> $<INSTALL_INTERFACE:gmp>)

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
install(TARGETS clipbound_shared EXPORT clipboundTargets)
install(TARGETS clipbound_static EXPORT clipboundStaticTargets)
install(EXPORT clipboundTargets NAMESPACE clipbound:: DESTINATION ${clipbound_cmake_dir})
install(EXPORT clipboundStaticTargets NAMESPACE clipbound:: DESTINATION ${clipbound_cmake_dir})
install(DIRECTORY ${CMAKE_SOURCE_DIR}/include/clipbound DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES ${CMAKE_BINARY_DIR}/include/clipbound/options.def DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/clipbound)
if(TARGET clipbound_cli)
  install(TARGETS clipbound_cli)
endif()

configure_package_config_file(cmake/clipboundConfig.cmake.in clipboundConfig.cmake INSTALL_DESTINATION ${clipbound_cmake_dir})
# Before 1.0 a new minor version may change the interface.
write_basic_package_version_file(clipboundConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/clipboundConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/clipboundConfigVersion.cmake
  DESTINATION ${clipbound_cmake_dir})
# Made when it is installed, so that it knows the prefix of `cmake --install --prefix`.
install(CODE "
  set(PROJECT_VERSION \"${PROJECT_VERSION}\")
  set(CMAKE_INSTALL_LIBDIR \"${CMAKE_INSTALL_LIBDIR}\")
  set(CMAKE_INSTALL_INCLUDEDIR \"${CMAKE_INSTALL_INCLUDEDIR}\")
  configure_file(\"${CMAKE_SOURCE_DIR}/cmake/clipbound.pc.in\"
    \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_LIBDIR}/pkgconfig/clipbound.pc\" @ONLY)")
