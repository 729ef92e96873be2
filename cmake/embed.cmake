# cmake -DOUTPUT=FILE.cpp -DASSETS="name=file;name=file" -P embed.cmake
# Writes a C++ file with one std::string_view per asset, namespace clipbound::suite::assets.
set(text "#include \"benchmarks/report/assets.h\"\n\nnamespace clipbound::suite::assets {\n")
foreach(asset IN LISTS ASSETS)
  string(REGEX MATCH "^([a-z_]+)=(.*)$" matched "${asset}")
  set(name "${CMAKE_MATCH_1}")
  file(READ "${CMAKE_MATCH_2}" contents)
  string(APPEND text "const std::string_view ${name} = R\"EMBEDDED(${contents})EMBEDDED\";\n")
endforeach()
string(APPEND text "}  // namespace clipbound::suite::assets\n")
file(WRITE "${OUTPUT}" "${text}")
