#!/bin/sh
# contrib/bootstrap.sh - from a fresh Debian 12 or 13 and this tree to a running camp-post.
#
# Installs only Debian packages, and only those that are missing (contrib/packages/*.txt);
# writes only below build/. Safe to run again.
set -eu

tree=$(cd "$(dirname "$0")/.." && pwd)
example=free-assange-now

usage() {
    cat <<'END'
usage: sh contrib/bootstrap.sh COMMAND

  run     install what is missing, build, and run the example campaign on the
          fast-forward clock into feeds in build/run/example
  build   install what is missing and build (Release) into build/run
  test    install what the tests need, build with the sanitizers (and once with
          clang), run the tests
            --label LABEL     only tests with this label: unit, contract, e2e,
                              real, distro, selfcheck (may be repeated)
            --gcc-only        leave out the clang build and what only the real
                              and distro tests need
            --no-sanitizers   build the tests plainly

CAMP_POST_JOBS is how many compilers and tests run at once (default: the number
of processors). CAMP_POST_CACHE is where test servers and Debian folders are kept
(default: ~/.cache/camp-post).
END
}

say() { printf '== %s\n' "$*"; }
die() { printf 'bootstrap: %s\n' "$*" >&2; exit 1; }

jobs=${CAMP_POST_JOBS:-$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)}

# --- packages ---------------------------------------------------------------

installed() {
    dpkg-query -W -f '${Status}\n' "$1" 2>/dev/null | grep -q 'ok installed$'
}

# missing_of FILE…: the lines of the lists of which no alternative is installed.
missing_of() {
    for list in "$@"; do
        grep -v '^#' "$tree/contrib/packages/$list.txt"
    done | while read -r line; do
        found=
        for package in $(echo "$line" | tr '|?' '  '); do
            if installed "$package"; then found=$package; fi
        done
        [ -n "$found" ] || echo "$line"
    done
}

# Chooses the packages that this Debian has for lines of `a | b` and `a?` on standard input.
choose() {
    while read -r line; do
        chosen=
        for package in $(echo "$line" | tr '|?' '  '); do
            if [ -z "$chosen" ] && [ -n "$(apt-cache show "$package" 2>/dev/null)" ]; then
                chosen=$package
            fi
        done
        case $line in
        *'?') echo "$chosen" ;;
        *) echo "${chosen:-${line%% *}}" ;; # apt-get then says itself that it has none
        esac
    done
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    else
        die "these packages are missing and neither root nor sudo is there to install them:" \
            "$(echo "$wanted" | tr '\n' ' ')"
    fi
}

install_packages() {
    command -v dpkg-query >/dev/null 2>&1 && command -v apt-get >/dev/null 2>&1 ||
        die "this is not a Debian: install what contrib/packages/ lists and use cmake directly"
    wanted=$(missing_of "$@")
    [ -n "$wanted" ] || return 0
    # What is optional and not to be had is no reason to fetch the package index each time.
    if [ -z "$(echo "$wanted" | grep -v '?$')" ] && [ -z "$(echo "$wanted" | choose)" ]; then
        return 0
    fi
    say "installing Debian packages: $(echo "$wanted" | tr '\n' ' ')"
    as_root apt-get -q update ||
        say "the package index could not be renewed; going on with the one that is there"
    packages=$(echo "$wanted" | choose)
    # shellcheck disable=SC2086 # a list of words
    as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends \
        $packages || die "apt-get could not install them: its message stands above"
}

# --- building ---------------------------------------------------------------

# compile FOLDER OPTION…: configures and builds the tree into build/FOLDER.
compile() {
    folder=$tree/build/$1
    shift
    say "building into ${folder#"$tree"/}"
    cmake -S "$tree" -B "$folder" -G Ninja "$@" >"$tree/build/cmake.log" 2>&1 || {
        cat "$tree/build/cmake.log" >&2
        die "cmake failed: its message stands above"
    }
    cmake --build "$folder" --parallel "$jobs"
}

build_release() {
    install_packages build
    mkdir -p "$tree/build"
    compile run -DCMAKE_BUILD_TYPE=Release -DCAMP_POST_TESTS=OFF
}

# --- run --------------------------------------------------------------------

# The example is copied, so that its state and feeds never land in the sources.
copy_example() {
    work=$tree/build/run/example
    rm -rf "$work"
    cp -R "$tree/config/$example" "$work"
    start=$(grep -v '^#' "$work/start" | head -n 1)
    [ -n "$start" ] || die "config/$example/start does not say when the campaign begins"
}

what_next() {
    # Shown from the folder the person stands in, as it can be typed there.
    say "The campaign is out. These pages can be opened, and published as they are:"
    find "$work" -name '*.html' | sort | sed 's,^,   file://,'
    cat <<END
== What next
   what was done when:   $program --config $work/camp-post.yaml log
   a campaign of yours:  README.md, "A first real campaign in five minutes"; the program for it:
                         export PATH="$(dirname "$program"):\$PATH"
END
}

run_example() {
    [ $# -eq 0 ] || die "run takes no options"
    [ -d "$tree/config/$example" ] || die "config/$example is missing from this tree"
    build_release
    program=$tree/build/run/bin/camp-post
    copy_example
    say "running $example from $start on the fast-forward clock"
    "$program" --config "$work/camp-post.yaml" run --clock "$start" ||
        die "the run ended with code $?: its messages stand above"
    "$program" --config "$work/camp-post.yaml" status ||
        die "status ended with code $?: its messages stand above"
    what_next
}

# --- test -------------------------------------------------------------------

run_tests() {
    sanitize=ON
    full=yes
    labels=
    also=
    while [ $# -gt 0 ]; do
        case $1 in
        --label)
            [ $# -ge 2 ] || die "--label needs a label"
            labels="$labels --label $2"
            shift
            ;;
        --gcc-only) full= ;;
        --no-sanitizers) sanitize=OFF ;;
        *) die "test does not know '$1': see --help" ;;
        esac
        shift
    done
    install_packages build test ${full:+check}
    mkdir -p "$tree/build"
    compile test -DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=Debug -DCAMP_POST_SANITIZE=$sanitize
    if [ -n "$full" ]; then
        compile clang -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug -DCAMP_POST_FUZZ=ON
        # The fuzz targets are in this build alone, and no clock can be set under the sanitizers.
        also="--also=$tree/build/clang=^(fuzz_.*|e2e_environment)\$"
    fi
    # shellcheck disable=SC2086 # a list of words
    exec /usr/bin/python3 "$tree/tests/run-tests" --build "$tree/build/test" ${also:+"$also"} --jobs "$jobs" $labels
}

command=${1:-}
[ $# -eq 0 ] || shift
case $command in
run) run_example "$@" ;;
build) build_release ;;
test) run_tests "$@" ;;
-h | --help | help) usage ;;
*) usage >&2; exit 2 ;;
esac
