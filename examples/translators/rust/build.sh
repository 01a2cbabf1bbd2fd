#!/bin/sh
# Writes orders.wasm here. Needs rustup's cargo, and inlet on the PATH or in INLET.
set -eu
cd "$(dirname "$0")"
"${INLET:-inlet}" plugin build
