#!/bin/sh
# npm start [-- ARGUMENTS]: set-up, then mymonitor. stdout and the exit status are mymonitor's own; 125: the set-up failed.
set -eu
here=$(dirname -- "$0")
node "$here/setup.mjs" >&2 || exit 125
# exec: no process of ours stands between npm and mymonitor.
exec node "$here/start.mjs" "$@"
