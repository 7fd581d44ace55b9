#!/usr/bin/env bash
# Builds llama-bench and llama-batched-bench into bench/build: sources from the bundle in node-llama-cpp, linked against
# the shared libraries of its prebuilt package, so that both sides run the same kernels.
set -euo pipefail
cd "$(dirname "$0")/.."
platform=$(node -p '`${process.platform}-${process.arch}`')
libraries=$(realpath "node_modules/@node-llama-cpp/$platform/bins/$platform")
mkdir -p bench/build
[ -d bench/build/llama.cpp ] || git -c advice.detachedHead=false clone -q node_modules/node-llama-cpp/llama/gitRelease.bundle bench/build/llama.cpp
cd bench/build/llama.cpp
for tool in llama-bench batched-bench; do
  out=../llama-${tool#llama-}
  [ -x "$out" ] && continue
  g++ -O2 -DNDEBUG -std=c++17 -Iinclude -Iggml/include -Icommon -Ivendor "-Itools/$tool" \
    "tools/$tool/$tool.cpp" "tools/$tool/main.cpp" -o "$out" \
    "$libraries"/libllama-common.so "$libraries"/libllama.*.so "$libraries"/libggml.*.so "$libraries"/libggml-base.so \
    "-Wl,-rpath,$libraries" -lpthread
done
# ggml looks for its processor variants in the working folder: run the tools there.
echo "$libraries" > ../libraries
