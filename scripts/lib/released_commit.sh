# Sourced after scripts/setup: ddb_setup_commit COMMIT: the program of that commit as it was shipped, kept in the cache folder;
# ddb_commit is its whole name then, ddb_commit_program the program.

# Linked statically, from the commit on that knows how (decision 0016).
ddb_make_commit() {
  git -C "$ddb_root" archive "$ddb_commit" | tar -x -C "$1"
  cmake -S "$1" -B "$1/build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DDDB_TESTS=OFF -DDDB_PORTABLE=ON
  cmake --build "$1/build" --target destination-dynamodb
}

ddb_setup_commit() {
  ddb_commit=$(git -C "$ddb_root" rev-parse --verify --quiet "$1^{commit}") || ddb_die "no such commit: $1"
  ddb_setup portable
  ddb_fill "release build of ${ddb_commit:0:8}" "$ddb_cache/commit-$ddb_commit" ddb_make_commit
  ddb_commit_program=$ddb_cache/commit-$ddb_commit/build/destination-dynamodb
}
