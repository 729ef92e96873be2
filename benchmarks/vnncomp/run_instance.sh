#!/usr/bin/env bash
# run_instance.sh v1 CATEGORY ONNX VNNLIB RESULT_FILE TIMEOUT - decides one instance. No category has settings of its own.
# CLIPBOUND, if set, is the executable; else the one that install_tool.sh built.
set -u
if [ $# -ne 6 ] || [ "$1" != v1 ]; then
  echo "usage: run_instance.sh v1 CATEGORY ONNX VNNLIB RESULT_FILE TIMEOUT" >&2
  exit 1
fi
onnx=$3 vnnlib=$4 result=$5 timeout=$6

root=$(dirname "$(readlink -f "$0")")/../..
clipbound=${CLIPBOUND:-$root/build/native/clipbound}
if [ ! -x "$clipbound" ]; then clipbound=$root/build/release/clipbound; fi

# A file goes by its plain name though it may be compressed, or the other way round.
existing() {
  for name in "$1" "$1.gz" "${1%.gz}"; do
    if [ -e "$name" ]; then
      echo "$name"
      return
    fi
  done
  echo "$1"
}

networks=()
case $onnx in
  '['*)
    # [('f', 'a.onnx'), ('g', 'b.onnx')]: the words in quotes are a name and a file, in turn.
    name=
    while IFS= read -r word; do
      if [ -z "$name" ]; then
        name=$word
      else
        networks+=(--network "$name=$(existing "$word")")
        name=
      fi
    done < <(grep -oE "'[^']*'|\"[^\"]*\"" <<<"$onnx" | sed 's/^.//; s/.$//')
    ;;
  *) networks=(--network "$(existing "$onnx")") ;;
esac

# Nine tenths of this machine's memory, in GB; the machine is ours alone.
memory=$(awk '/^MemTotal:/ {printf "%.2f", $2 * 1024 * 0.9e-9}' /proc/meminfo)
exec "$clipbound" verify "$(existing "$vnnlib")" "${networks[@]}" --timeout "$timeout" --result "$result" \
  --memory "${memory:-16}"
