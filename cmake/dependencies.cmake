# Everything comes from Debian packages (scripts/packages.txt lists them).
find_package(Threads REQUIRED)
find_package(TBB REQUIRED)
find_package(ZLIB REQUIRED)
find_package(PNG REQUIRED)   # images of `clipbound robustness`
find_package(JPEG REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(Protobuf REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Eigen3 3.4 REQUIRED NO_MODULE)  # headers only: nothing that is installed needs it

# The official ONNX protobuf library. Debian builds it with ONNX_ML and the namespace "onnx".
find_path(CLIPBOUND_ONNX_INCLUDE onnx/onnx_pb.h REQUIRED)
find_library(CLIPBOUND_ONNX_PROTO onnx_proto)
find_library(CLIPBOUND_ONNX onnx)
if(NOT CLIPBOUND_ONNX_PROTO)
  set(CLIPBOUND_ONNX_PROTO ${CLIPBOUND_ONNX})
endif()
if(NOT CLIPBOUND_ONNX_PROTO)
  message(FATAL_ERROR "libonnx-dev is missing: run ./scripts/demo or ./scripts/test, which install it")
endif()
add_library(clipbound_onnx INTERFACE)
target_include_directories(clipbound_onnx SYSTEM INTERFACE ${CLIPBOUND_ONNX_INCLUDE})
target_compile_definitions(clipbound_onnx INTERFACE ONNX_ML=1 ONNX_NAMESPACE=onnx)
target_link_libraries(clipbound_onnx INTERFACE ${CLIPBOUND_ONNX_PROTO} protobuf::libprotobuf)

find_path(CLIPBOUND_CBLAS_INCLUDE cblas.h PATH_SUFFIXES openblas x86_64-linux-gnu/openblas-pthread REQUIRED)
# base/blas.cpp loads libopenblas.so.0 when it first multiplies, so only the header is needed here.
add_library(clipbound_blas INTERFACE)
target_include_directories(clipbound_blas SYSTEM INTERFACE ${CLIPBOUND_CBLAS_INCLUDE})
target_link_libraries(clipbound_blas INTERFACE ${CMAKE_DL_LIBS})

find_path(CLIPBOUND_GMP_INCLUDE gmpxx.h REQUIRED)
find_library(CLIPBOUND_GMP gmp REQUIRED)
find_library(CLIPBOUND_GMPXX gmpxx REQUIRED)
add_library(clipbound_gmp INTERFACE)
target_include_directories(clipbound_gmp SYSTEM INTERFACE ${CLIPBOUND_GMP_INCLUDE})
target_link_libraries(clipbound_gmp INTERFACE ${CLIPBOUND_GMPXX} ${CLIPBOUND_GMP})

find_path(CLIPBOUND_NETTLE_INCLUDE nettle/sha2.h REQUIRED)
find_library(CLIPBOUND_NETTLE nettle REQUIRED)
add_library(clipbound_nettle INTERFACE)
target_include_directories(clipbound_nettle SYSTEM INTERFACE ${CLIPBOUND_NETTLE_INCLUDE})
target_link_libraries(clipbound_nettle INTERFACE ${CLIPBOUND_NETTLE})

# Linear programs: base/simplex.cpp loads libClp.so.1 when it first solves one, so only the header is needed here.
find_path(CLIPBOUND_CLP_INCLUDE coin/Clp_C_Interface.h REQUIRED)
add_library(clipbound_clp INTERFACE)
target_include_directories(clipbound_clp SYSTEM INTERFACE ${CLIPBOUND_CLP_INCLUDE} ${CLIPBOUND_CLP_INCLUDE}/coin)
target_link_libraries(clipbound_clp INTERFACE ${CMAKE_DL_LIBS})

find_path(CLIPBOUND_CADICAL_INCLUDE cadical.hpp REQUIRED)
find_library(CLIPBOUND_CADICAL cadical REQUIRED)
add_library(clipbound_cadical INTERFACE)
target_include_directories(clipbound_cadical SYSTEM INTERFACE ${CLIPBOUND_CADICAL_INCLUDE})
target_link_libraries(clipbound_cadical INTERFACE ${CLIPBOUND_CADICAL})
