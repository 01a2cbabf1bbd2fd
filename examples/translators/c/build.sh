#!/bin/sh
# Writes orders.wasm here. Needs clang, its wasm linker and wasi-libc (Debian: clang, lld, wasi-libc), and inlet on the PATH or
# in INLET.
set -eu
cd "$(dirname "$0")"
inlet=${INLET:-inlet}
"$inlet" plugin bind --out build
# Without an entry and start files nothing calls WASI. A small stack at the bottom of memory traps when it overflows. One MiB of
# initial memory fits a usual request, because growing memory costs more than the translation.
clang --target=wasm32-wasi -O2 -flto -Wall -Wextra -nostartfiles -nodefaultlibs -lc \
  -Wl,--no-entry,--strip-all,--stack-first,--initial-memory=1048576 -Wl,-z,stack-size=65536 \
  -Ibuild -o build/orders.core.wasm translator.c json.c build/source.c build/source_component_type.o
"$inlet" plugin pack build/orders.core.wasm --out orders.wasm
