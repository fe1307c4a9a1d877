# shellcheck shell=bash
# A namespace of a daemon with all that is in it. In what follows, $version and $namespace are the caller's.

in_namespace() { CONTAINERD_NAMESPACE=$namespace daemon_ctr "$version" "$@"; }

# Removes all that `ctr NOUN ls` lists: remove_all NOUN COMMAND…
remove_all() {
  local ids
  ids=$(in_namespace "$1" ls -q)
  # shellcheck disable=SC2086
  [[ -z $ids ]] || in_namespace "$@" $ids >/dev/null
}

# Children go before their parents, hence the rounds.
remove_snapshots() {
  local snapshotter=$1 keys='' before key
  while true; do
    before=$keys
    keys=$(in_namespace snapshots --snapshotter "$snapshotter" ls | awk 'NR > 1 { print $1 }')
    [[ -n $keys ]] || return 0
    [[ $keys != "$before" ]] || fail "these snapshots can't be removed from $namespace: $keys"
    for key in $keys; do
      in_namespace snapshots --snapshotter "$snapshotter" rm "$key" 2>/dev/null || true
    done
  done
}

# With the last images their content and snapshots are collected. What nothing referred to stays, and keeps the namespace.
namespace_remove() {
  local version=$1 namespace=$2
  remove_all tasks rm --force
  remove_all containers rm
  remove_all leases rm
  remove_all images rm --sync
  if ! daemon_ctr "$version" namespaces rm "$namespace" >/dev/null 2>&1; then
    remove_snapshots overlayfs
    remove_snapshots native
    remove_all content rm
    daemon_ctr "$version" namespaces ls -q | grep -qxF "$namespace" || return 0
    daemon_ctr "$version" namespaces rm "$namespace" >/dev/null
  fi
  namespace_cgroups_remove "$namespace"
}
