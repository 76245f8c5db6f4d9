# tests/real/common.sh - what every start script of a real server shares.
#
# Sourced first, with the script's own arguments:  . "$(dirname "$0")/common.sh"
# Gives PORT, DIR (the server's state), NAME, and the functions below. What is downloaded
# goes to the cache of tests/debian-root.sh, never below the tree.
set -eu
[ $# -ge 2 ] || { echo "usage: $0 PORT DIR [OPTION]" >&2; exit 2; }
PORT=$1
mkdir -p "$2"
DIR=$(cd "$2" && pwd)
NAME=$(basename "$0" -start)
. "$(dirname "$0")/../debian-root.sh"

# Exit code 77 is a skip: this machine cannot have the server. Everything else is a failure.
skip() { echo "$NAME: skipped: $*" >&2; exit 77; }
die() { echo "$NAME: $*" >&2; [ ! -f "$DIR/log" ] || tail -n 20 "$DIR/log" >&2; exit 1; }

need() {
    for tool in "$@"; do
        command -v "$tool" >/dev/null || die "'$tool' is missing; contrib/packages lists its package"
    done
}

# server_root SUITE PACKAGE…: sets ROOT, the folder of a Debian with these packages.
server_root() {
    [ "$(id -u)" -eq 0 ] || [ -x "$(cache_folder)/$1/usr/sbin/policy-rc.d" ] ||
        skip "making a Debian folder needs root"
    command -v debootstrap >/dev/null || skip "debootstrap is missing"
    suite=$1
    shift
    ROOT=$(debian_root "$suite" "$DIR/debian.log" "$@") ||
        { tail -n 20 "$DIR/debian.log" >&2; die "no Debian $suite: see $DIR/debian.log"; }
}

# in_root FUNCTION PROGRAM ARGUMENT…: hands FUNCTION the command that runs a program of that
# Debian with that Debian's libraries, but in this machine's file system. So its state lives in
# DIR, nobody need be root to run it, and its process is the server itself, not a shell around it.
in_root() {
    how=$1 program=$ROOT/usr/bin/$2
    shift 2
    "$how" "$(echo "$ROOT"/lib*/ld-linux-*.so.*)" \
        --library-path "$(echo "$ROOT"/usr/lib/*-linux-gnu)" "$program" "$@"
}

# predecessor_gone: a server that was told to stop may need a moment to leave DIR alone.
predecessor_gone() {
    [ -s "$DIR/pid" ] || return 0
    for _ in $(seq 100); do
        kill -0 "$(cat "$DIR/pid")" 2>/dev/null || return 0
        sleep 0.1
    done
    die "process $(cat "$DIR/pid") still runs in $DIR: stop it first"
}

# launch COMMAND…: detached, its output in DIR/log; sets PID, which is in DIR/pid too.
launch() {
    setsid "$@" >"$DIR/log" 2>&1 </dev/null &
    PID=$!
    echo "$PID" >"$DIR/pid"
}

# wait_for SECONDS COMMAND…: until the command succeeds, the server ends or time is up.
wait_for() {
    end=$(($(date +%s) + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        kill -0 "$PID" 2>/dev/null || die "the server ended"
        [ "$(date +%s)" -lt "$end" ] || { kill "$PID"; die "not ready in time"; }
        sleep 0.1
    done
}
