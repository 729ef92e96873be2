# The report's page goes into the executable: its parts, and the charting library (Chart.js, Debian's libjs-chart.js).
find_file(CLIPBOUND_CHART_JS chart.min.js PATHS /usr/share/javascript/chart.js)
if(NOT CLIPBOUND_CHART_JS)
  message(FATAL_ERROR "libjs-chart.js is missing: run ./scripts/demo or ./scripts/test, which install it, "
                      "or say -DCLIPBOUND_CHART_JS=.../chart.min.js (version 3)")
endif()

function(clipbound_report_assets target)
  set(folder ${CMAKE_SOURCE_DIR}/benchmarks/report/page)
  set(files ${folder}/page.html ${folder}/page.css ${folder}/page.js ${folder}/find.js ${folder}/charts.js
            ${folder}/chart_js_license.txt ${CLIPBOUND_CHART_JS})
  set(assets page_html=${folder}/page.html page_css=${folder}/page.css page_js=${folder}/page.js find_js=${folder}/find.js
             charts_js=${folder}/charts.js chart_js_license=${folder}/chart_js_license.txt chart_js=${CLIPBOUND_CHART_JS})
  set(output ${CMAKE_BINARY_DIR}/report_assets.cpp)
  add_custom_command(OUTPUT ${output}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${output} "-DASSETS=${assets}" -P ${CMAKE_SOURCE_DIR}/cmake/embed.cmake
    DEPENDS ${files} ${CMAKE_SOURCE_DIR}/cmake/embed.cmake VERBATIM)
  target_sources(${target} PRIVATE ${output})
endfunction()
