#!/bin/sh
# Writes orders.wasm here. Needs componentize-py (pip install -r requirements.txt), and inlet on the PATH or in INLET.
set -eu
cd "$(dirname "$0")"
wit=${WIT:-../../../wit/v0.2}
mkdir -p build
# Without --stub-wasi the component would import sockets, which the server refuses.
componentize-py --wit-path "$wit" --world source componentize --stub-wasi --python-path . --output build/orders.component.wasm translator
"${INLET:-inlet}" plugin pack build/orders.component.wasm --out orders.wasm
