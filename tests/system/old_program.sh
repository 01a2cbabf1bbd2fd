#!/bin/sh
# old_program.sh COMMIT DIRECTORY: builds the program of a commit or tag in a directory, with its plugins. Prints its path.
set -e
commit=$1 directory=$2
test -n "$commit" || { echo "there is no tag; name the release before: make upgrade-rounds FROM=COMMIT" >&2; exit 1; }
commit=$(git rev-parse --verify --quiet "$commit^{commit}") || { echo "$1 is no commit or tag" >&2; exit 1; }
source=$directory/source-$commit
# What is built of another commit is built on, because dependencies rarely differ.
target=$directory/target
if ! test -f "$source/.complete"; then
	rm -rf "$directory"/source-*
	mkdir -p "$source"
	git archive "$commit" | tar -x -C "$source"
	touch "$source/.complete"
fi
cd "$source"
# Neither the options nor the variables of the make that runs this are meant for that version's.
unset MAKEFLAGS MAKELEVEL MFLAGS MAKEOVERRIDES
export CARGO_TARGET_DIR="$target" INLET_BUNDLED_PLUGINS="$target/plugins"
make plugins >&2
cargo build -p inlet >&2
echo "$target/debug/inlet"
