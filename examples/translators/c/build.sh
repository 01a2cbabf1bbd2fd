#!/bin/sh
# Leaves orders.wasm here. Needs clang, its wasm linker and wasi-libc (Debian: clang, lld, wasi-libc), and inlet on the PATH or
# in INLET.
set -eu
cd "$(dirname "$0")"
inlet=${INLET:-inlet}
"$inlet" plugin bind --out build
# No entry and no start files: nothing is left that would call WASI. A small stack at the bottom of memory, where running over
# it traps; and from the start as much memory as a usual request takes, because growing it costs more than the translation.
clang --target=wasm32-wasi -O2 -flto -Wall -Wextra -nostartfiles -nodefaultlibs -lc \
  -Wl,--no-entry,--strip-all,--stack-first,--initial-memory=1048576 -Wl,-z,stack-size=65536 \
  -Ibuild -o build/orders.core.wasm translator.c json.c build/source.c build/source_component_type.o
"$inlet" plugin pack build/orders.core.wasm --out orders.wasm
