#!/usr/bin/env bash
# prepare_instance.sh v1 CATEGORY ONNX VNNLIB - there is nothing to convert; says whether the files are there.
set -u
if [ $# -ne 4 ] || [ "$1" != v1 ]; then
  echo "usage: prepare_instance.sh v1 CATEGORY ONNX VNNLIB" >&2
  exit 1
fi
onnx=$3 vnnlib=$4
# A query about several networks names them: [('f', 'a.onnx'), ('g', 'b.onnx')].
files=("$vnnlib")
case $onnx in
  '['*)
    # Every other word in quotes is a file.
    while IFS= read -r _ && IFS= read -r file; do files+=("$file"); done < <(
      grep -oE "'[^']*'|\"[^\"]*\"" <<<"$onnx" | sed 's/^.//; s/.$//')
    ;;
  *) files+=("$onnx") ;;
esac
for file in "${files[@]}"; do
  if [ ! -r "$file" ] && [ ! -r "$file.gz" ] && [ ! -r "${file%.gz}" ]; then
    echo "prepare_instance.sh: cannot read $file" >&2
    exit 1
  fi
done
