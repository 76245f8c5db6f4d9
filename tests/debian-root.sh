# tests/debian-root.sh - Debian systems in folders of their own, kept outside the tree.
#
# Sourced by the distro test and by the start scripts of real servers (POSIX sh, `set -eu`).
# The folders are made once, with root and debootstrap, and shared by everybody who names
# the same cache: CAMP_POST_CACHE, by default ~/.cache/camp-post. A lock keeps two tests
# from installing into one folder at the same time.

cache_folder() {
    cache=${CAMP_POST_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/camp-post}
    mkdir -p "$cache"
    echo "$cache"
}

# The mirror that this machine installs its own packages from. The tree names none.
debian_mirror() {
    sed -n -e 's/^URIs:[[:space:]]*//p' -e 's/^deb[[:space:]]\{1,\}\(\[[^]]*\][[:space:]]*\)\{0,1\}//p' \
        /etc/apt/sources.list.d/*.sources /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null |
        tr ' \t' '\n\n' | grep -E '^https?://.*/debian/?$' | head -n 1
}

# make_root SUITE FOLDER LOG: debootstrap, finished or not there at all.
make_root() {
    mirror=$(debian_mirror)
    [ -n "$mirror" ] || { echo "no Debian mirror in /etc/apt" >&2; return 1; }
    rm -rf "$2.part"
    debootstrap --variant=minbase "$1" "$2.part" "$mirror" >>"$3" 2>&1 || return 1
    # No package may start a service of its own in here.
    printf '#!/bin/sh\nexit 101\n' >"$2.part/usr/sbin/policy-rc.d"
    chmod +x "$2.part/usr/sbin/policy-rc.d"
    rm -rf "$2"
    mv "$2.part" "$2"
}

# install_in ROOT LOG PACKAGE…: those of them that are missing.
install_in() {
    root=$1 log=$2
    shift 2
    missing=
    for package in "$@"; do
        dpkg-query --admindir="$root/var/lib/dpkg" -W -f '${Status}' "$package" 2>/dev/null |
            grep -q 'ok installed$' || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    # An index that is a few days too old is no reason to refuse a test machine's packages.
    # shellcheck disable=SC2086 # a list of words
    DEBIAN_FRONTEND=noninteractive chroot "$root" apt-get -o Acquire::Check-Valid-Until=false \
        install -y --no-install-recommends $missing >>"$log" 2>&1
}

# debian_root SUITE LOG PACKAGE…: prints the folder of a system that has the packages.
debian_root() {
    suite=$1 made_log=$2
    shift 2
    made=$(cache_folder)/$suite
    (
        flock 9
        [ -x "$made/usr/sbin/policy-rc.d" ] || make_root "$suite" "$made" "$made_log"
        install_in "$made" "$made_log" "$@"
    ) 9>"$made.lock" >&2 || return 1
    echo "$made"
}
