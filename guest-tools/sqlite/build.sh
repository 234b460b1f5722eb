#!/bin/sh
# Builds sqlite.wasm: the amalgamation of SQLite, as the npm package better-sqlite3 carries it, and main.c. Needs npm, and the Zig of PyPI as the compiler:
#   pip install ziglang==0.17.1 && sh guest-tools/sqlite/build.sh
# It takes half a minute, and writes sqlite.wasm.br and sqlite.json, which says what it was built from; both are committed.
set -eu
cd "$(dirname "$0")"
package=better-sqlite3@12.11.1
mkdir -p build
if [ ! -f build/package/deps/sqlite3/sqlite3.c ]; then
  (cd build && npm pack --silent $package > /dev/null && tar xzf better-sqlite3-*.tgz)
fi
deps=build/package/deps/sqlite3
version=$(sed -n 's/^#define SQLITE_VERSION *"\(.*\)"/\1/p' $deps/sqlite3.h)
${PYTHON:-python3} -m ziglang cc -target wasm32-wasi -mexec-model=reactor -Oz -s -I $deps -o build/sqlite.wasm main.c $deps/sqlite3.c \
  -DSQLITE_OS_UNIX=1 -DSQLITE_THREADSAFE=0 -DSQLITE_OMIT_LOAD_EXTENSION -DSQLITE_OMIT_DEPRECATED -DSQLITE_OMIT_SHARED_CACHE -DSQLITE_OMIT_WAL \
  -DSQLITE_DEFAULT_MEMSTATUS=0 -DSQLITE_DQS=0 -DSQLITE_TEMP_STORE=3 -DSQLITE_MAX_ATTACHED=0 -DSQLITE_DEFAULT_SYNCHRONOUS=2 -DSQLITE_MAX_MMAP_SIZE=0 \
  -DSQLITE_ENABLE_FTS5 -DSQLITE_ENABLE_MATH_FUNCTIONS -DSQLITE_ENABLE_COLUMN_METADATA -DSQLITE_DEFAULT_FOREIGN_KEYS=1 -DSQLITE_LIKE_DOESNT_MATCH_BLOBS -Wl,-z,stack-size=1048576
node ../pack.mjs build/sqlite.wasm sqlite "SQLite $version (amalgamation in npm $package), ziglang $(${PYTHON:-python3} -m ziglang version) cc -Oz"
