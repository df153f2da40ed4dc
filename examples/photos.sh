#!/bin/sh
# From a folder of photographs to a file that runs anywhere, and a server.
#
#   sh examples/photos.sh PHOTOS [OUT [OPTIONS OF nin train]]
#
# PHOTOS holds a directory per class, with or without train/, validation/ and test/ above; OUT is made.
# docs/photos.md goes the same way and shows what is printed.
set -eu
photos=${1:?name a folder with a directory per class}
out=${2:-runs/photos}
shift; [ $# -eq 0 ] || shift

nin train "$photos" --out "$out" "$@"
nin evaluate "$out"

# Three photographs, held out where there is a test/.
held_out=$photos; [ ! -d "$photos/test" ] || held_out=$photos/test
find "$held_out" -type f ! -name '.*' \( -iname '*.jpg' -o -iname '*.jpeg' -o -iname '*.png' \) | sort | awk 'NR % 5 == 1' | head -n 3 > "$out/seen.txt"
tr '\n' '\0' < "$out/seen.txt" | xargs -0 nin explain "$out" --out "$out/maps.png"

nin export "$out"
nin export "$out" --quantize int8
tr '\n' '\0' < "$out/seen.txt" | xargs -0 nin predict "$out/model.onnx" --top 3

# The server takes any free port and names it; Ctrl-C would stop it as well.
nin serve "$out" --port 0 > "$out/address.txt" &
server=$!
trap 'kill "$server"; wait "$server"' EXIT
until [ -s "$out/address.txt" ]; do
  kill -0 "$server" # A server that has ended has said why, and ends this, too.
  sleep 1
done
read -r address _ < "$out/address.txt"
curl --silent --show-error --max-time 60 -F "images=@$(head -n 1 "$out/seen.txt")" "$address/predict?top=2"
echo
