#!/usr/bin/env bash
# Builds llama.cpp's own tools into bench/build: sources from the bundle in node-llama-cpp, linked against the shared
# libraries of its prebuilt package, so that both sides run the same kernels. Default: llama-bench and
# llama-batched-bench; other names are llama-quantize and llama-server (14 files, some minutes).
set -euo pipefail
cd "$(dirname "$0")/.."
here=$PWD/bench
platform=$(node -p '`${process.platform}-${process.arch}`')
libraries=$(realpath "node_modules/@node-llama-cpp/$platform/bins/$platform")
mkdir -p bench/build
[ -d bench/build/llama.cpp ] || git -c advice.detachedHead=false clone -q node_modules/node-llama-cpp/llama/gitRelease.bundle bench/build/llama.cpp
cd bench/build/llama.cpp
[ $# -gt 0 ] || set -- llama-bench llama-batched-bench
for tool in "$@"; do
  [ -x "../$tool" ] && continue
  make -s -j "${JOBS:-2}" -f "$here/llama-tools.mk" "LIBRARIES=$libraries" "HERE=$here" "../$tool"
done
# ggml looks for its processor variants in the working folder: run the tools there.
echo "$libraries" > ../libraries
