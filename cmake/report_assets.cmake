# The report's page goes into the executable: its parts, and the charting library (Chart.js, Debian's libjs-chart.js).
find_file(CLIPBOUND_CHART_JS chart.min.js PATHS /usr/share/javascript/chart.js)
if(NOT CLIPBOUND_CHART_JS)
  message(FATAL_ERROR "libjs-chart.js is missing: run ./scripts/demo or ./scripts/test, which install it, "
                      "or say -DCLIPBOUND_CHART_JS=.../chart.min.js (version 3)")
endif()

function(clipbound_report_assets target)
  set(folder ${CMAKE_SOURCE_DIR}/benchmarks/report/page)
  set(files ${CLIPBOUND_CHART_JS})
  set(assets chart_js=${CLIPBOUND_CHART_JS})
  foreach(part page.html page.css page.js find.js charts.js view.html view.css view.js tree.js cut.js
               pictures.js details.js chart_js_license.txt)
    string(REGEX REPLACE "\\.txt$" "" name ${part})
    string(REPLACE "." "_" name ${name})
    list(APPEND files ${folder}/${part})
    list(APPEND assets ${name}=${folder}/${part})
  endforeach()
  set(output ${CMAKE_BINARY_DIR}/report_assets.cpp)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} "-DASSETS=${assets}" -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${files} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
