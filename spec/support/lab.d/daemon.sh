# shellcheck shell=bash
# Daemons, each with its own root, state and sockets in $lab/daemon/VERSION, or VERSION-NAME. What one leaves behind is found on disk and
# among the processes, so that it doesn't matter whether it still answers.

daemon_dir() { echo "$lab/daemon/$1"; }
daemon_bin() { echo "$lab/debs/${1%%-*}/usr/bin"; }

daemon_ctr() {
  local version=$1
  CONTAINERD_ADDRESS=$(daemon_dir "$version")/containerd.sock PATH=$(daemon_bin "$version"):$PATH timeout 20 ctr "${@:2}"
}

daemon_config() {
  local dir=$1
  case ${dir##*/} in
  1.*) echo 'version = 2' ;;
  *) echo 'version = 3' ;;
  esac
  printf 'root = "%s"\nstate = "%s"\n' "$dir/root" "$dir/state"
  printf 'disabled_plugins = ['
  printf '"io.containerd.%s", ' grpc.v1.cri nri.v1.nri snapshotter.v1.{aufs,blockfile,btrfs,devmapper,erofs,zfs}
  printf ']\n'
  printf '[%s]\n  address = "%s"\n' grpc "$dir/containerd.sock" ttrpc "$dir/containerd.sock.ttrpc" debug "$dir/debug.sock"
  printf '[plugins."io.containerd.internal.v1.opt"]\n  path = "%s"\n' "$dir/opt"
  printf '%s\n' "${CTD_CONFIG:-}"
}

# ctr is slow to see that a socket has come into being, so it is asked only then.
daemon_answers() { [[ -S $(daemon_dir "$1")/containerd.sock ]] && daemon_ctr "$1" --connect-timeout 1s version >/dev/null 2>&1; }

# Daemons trust the registries with TLS, of which 1.7 can't be told otherwise when it pulls by itself.
daemon_serve() {
  local dir
  dir=$(daemon_dir "$1")
  registry_authority 2>/dev/null
  SSL_CERT_DIR=$lab/registry/authority PATH=$(daemon_bin "$1"):$PATH \
    serve "$dir" containerd --config "$dir/config.toml"
}

daemon_start() {
  local version=$1 dir
  dir=$(daemon_dir "$version")
  [[ -x $(daemon_bin "$version")/containerd ]] || fail "containerd $version isn't there; lab prepare fetches it"
  ((${#dir} <= 80)) || fail "$dir is too long for the path of a socket; set CTD_LAB to a shorter one"
  ! daemon_answers "$version" || return 0
  daemon_stop "$version"
  mkdir -p "$dir/opt" "$dir/root"
  [[ -z ${CTD_DISK:-} ]] || mount -t tmpfs -o "size=$CTD_DISK" none "$dir/root"
  daemon_config "$dir" >"$dir/config.toml"
  daemon_serve "$version"
}

daemon_await() {
  eventually 30 daemon_answers "$1" && return
  tail -n 40 "$(daemon_dir "$1")/log" >&2
  fail "containerd $1 doesn't answer"
}

# Its processes: the daemon itself and what it runs in passing, or the shims. daemon_processes DIR [shims]
daemon_processes() {
  local pid kind
  for pid in $(marked "CTD_SERVER=$1"); do
    case $(readlink "/proc/$pid/exe") in
    *-shim-*) kind=shims ;;
    *) kind= ;;
    esac
    [[ $kind != "${2:-}" ]] || echo "$pid"
  done
}

# Whether all threads of these processes have stopped.
stopped() {
  local pid
  for pid; do ! grep -qv '^State:[[:space:]]*T' <(grep -h ^State: "/proc/$pid"/task/*/status) || return 1; done
}

# A daemon that was stopped does nothing more when this returns, and one that was killed is gone.
daemon_signal() {
  local pids
  mapfile -t pids < <(daemon_processes "$(daemon_dir "$2")")
  kill "-$1" "${pids[@]}"
  case $1 in
  STOP) eventually 5 stopped "${pids[@]}" ;;
  KILL) eventually 5 gone "${pids[@]}" ;;
  esac
}

daemon_namespaces() {
  find "$1"/{root,state}/io.containerd.runtime.v2.task -mindepth 1 -maxdepth 1 -printf '%f\n' 2>/dev/null | sort -u
}

# Kills what runs in containers. Their shims still live and reap it.
daemon_kill_tasks() {
  local bundles=$1/state/io.containerd.runtime.v2.task task
  find "$bundles" -mindepth 2 -maxdepth 2 -printf '%P\n' 2>/dev/null | while read -r task; do
    runc --root "/run/containerd/runc/${task%/*}" delete --force "${task#*/}" 2>/dev/null || true
  done
}

# What shims keep outside of the daemon's directories: sockets, and FIFOs in directories of their own.
daemon_outside_files() {
  local pid
  grep -rhso '/run/containerd/s/[0-9a-f]*' "$1"/state/io.containerd.runtime.v2.task --include=address --include=bootstrap.json
  for pid in $(daemon_processes "$1" shims); do
    find "/proc/$pid/fd" -lname '/run/containerd/fifo/*' -printf '%l\n' 2>/dev/null
  done
}

# runc removes the cgroups of tasks; what stays are the namespaces', which are empty then.
namespace_cgroups_remove() {
  local cgroups=(/sys/fs/cgroup/*/"$1")
  [[ ! -e /sys/fs/cgroup/cgroup.controllers ]] || cgroups=(/sys/fs/cgroup/"$1")
  find "${cgroups[@]}" -depth -type d -exec rmdir {} + 2>/dev/null || true
  rmdir "/run/containerd/runc/$1" 2>/dev/null || true
}

daemon_stop() {
  local dir pids files file namespace
  dir=$(daemon_dir "$1")
  [[ -d $dir ]] || return 0
  mapfile -t pids < <(daemon_processes "$dir")
  end "${pids[@]}"
  mapfile -t files < <(daemon_outside_files "$dir")
  daemon_kill_tasks "$dir"
  mapfile -t pids < <(daemon_processes "$dir" shims)
  end "${pids[@]}"
  for file in "${files[@]}"; do
    rm -f "$file"
    [[ $file != */fifo/* ]] || rmdir "${file%/*}" 2>/dev/null || true
  done
  unmount_below "$dir"
  for namespace in $(daemon_namespaces "$dir"); do namespace_cgroups_remove "$namespace"; done
  rm -rf "$dir"
}
