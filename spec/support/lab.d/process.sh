# shellcheck shell=bash
# A server of the lab, and all that it starts, has CTD_SERVER=DIRECTORY in its environment, and what a spec starts has
# CTD_SPAWNED=DIRECTORY: so they are found for certain, also after a crash of whoever started them.

# Polls a condition: eventually SECONDS COMMAND…
eventually() {
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < end)) || return 1
    sleep 0.05
  done
}

# The ids of the processes that have the line $1 in their environment.
marked() { { grep -lszxF -- "$1" /proc/[0-9]*/environ || true; } | cut -d/ -f3; }

# A process that has ended, even if nobody has reaped it yet, has no program any more.
gone() {
  local pid
  for pid; do [[ ! -e /proc/$pid/exe ]] || return 1; done
}

# Ends processes with TERM, and those that are still there five seconds later with KILL.
end() {
  (($#)) || return 0
  kill -TERM "$@" 2>/dev/null || return 0
  eventually 5 gone "$@" && return
  kill -KILL "$@" 2>/dev/null || true
  eventually 5 gone "$@" || fail "these processes don't end: $*"
}

# Starts a server that outlives this script: serve DIRECTORY COMMAND…
serve() {
  CTD_SERVER=$1 setsid -f "${@:2}" </dev/null >>"$1/log" 2>&1 9>&-
}

# mountinfo has octal escapes for some characters.
unmount_below() {
  local point
  awk -v dir="$1/" 'index($5, dir) == 1 { print $5 }' /proc/self/mountinfo | tac | while read -r point; do
    printf -v point %b "$point"
    umount "$point" 2>/dev/null || umount -l "$point"
  done
}

# What specs started and, being killed themselves, didn't end.
end_spawned() {
  local dir pids
  for dir in "$lab"/tmp/*; do
    mapfile -t pids < <(marked "CTD_SPAWNED=$dir")
    end "${pids[@]}"
  done
  unmount_below "$lab/tmp"
  rm -rf "$lab/tmp"
}
