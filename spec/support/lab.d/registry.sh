# shellcheck shell=bash
# docker-registries with one storage: plain HTTP, HTTP with basic authentication (user lab, password secret), and the
# same two over TLS, with certificates by an authority of the lab's own, registry/authority/ca.crt. They choose their
# ports themselves.

registry_config() {
  local dir=$1
  printf '%s\n' 'version: 0.1' 'storage:' '  filesystem:' "    rootdirectory: $lab/registry/storage" '  delete:' \
    '    enabled: true' 'http:' '  addr: 127.0.0.1:0'
  [[ ${dir##*/} != tls* ]] || printf '%s\n' '  tls:' "    certificate: $dir/server.crt" "    key: $dir/server.key"
  [[ ${dir##*/} != *auth ]] || printf '%s\n' 'auth:' '  htpasswd:' '    realm: lab' "    path: $dir/htpasswd"
}

registry_password() { perl -e 'print "lab:", crypt("secret", q($2y$05$lablablablablablablabu)), "\n"' >"$1/htpasswd"; }

new_key=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes)

# Daemons read once whom they trust, so it is there before them.
registry_authority() {
  local dir=$lab/registry/authority
  [[ ! -e $dir/ca.crt ]] || return 0
  mkdir -p "$dir"
  openssl req -x509 "${new_key[@]}" -days 3650 -subj '/CN=the lab' -keyout "$dir/ca.key" -out "$dir/ca.crt"
}

registry_certificate() {
  local dir=$1 authority=$lab/registry/authority
  registry_authority
  openssl req "${new_key[@]}" -subj '/CN=localhost' -keyout "$dir/server.key" -out "$dir/server.csr"
  openssl x509 -req -in "$dir/server.csr" -CA "$authority/ca.crt" -CAkey "$authority/ca.key" -CAcreateserial \
    -days 3650 -extfile <(echo 'subjectAltName=DNS:localhost,IP:127.0.0.1') -out "$dir/server.crt"
}

# Prints HOST:PORT, as soon as its log tells.
registry_address() { grep -om1 'listening on 127.0.0.1:[0-9]*' "$1/log" 2>/dev/null | cut -d' ' -f3; }

registry_start() {
  local dir=$lab/registry/$1
  case $1 in plain | auth | tls | tls-auth) ;; *) fail "no such registry: $1" ;; esac
  if [[ -z $(marked "CTD_SERVER=$dir") ]]; then
    mkdir -p "$dir"
    [[ $1 != *auth ]] || registry_password "$dir"
    [[ $1 != tls* ]] || registry_certificate "$dir" 2>/dev/null
    registry_config "$dir" >"$dir/config.yml"
    : >"$dir/log"
    serve "$dir" docker-registry serve "$dir/config.yml"
  fi
  eventually 10 registry_address "$dir" || { cat "$dir/log" >&2; fail "the registry doesn't start"; }
}

registry_stop() {
  local dir=$lab/registry/$1 pids
  mapfile -t pids < <(marked "CTD_SERVER=$dir")
  end "${pids[@]}"
  rm -rf "$dir"
}

registry_push() {
  skopeo --insecure-policy copy --quiet --all --dest-tls-verify=false "${@:3}" "oci:$1" "docker://$2"
}

# Pushes each tag of each layout below $2 to the registry $1, some also with manifests of Docker's types.
registry_fill() {
  local layout name tag
  for layout in "$2"/*; do
    name=library/${layout##*/}
    for tag in $(umoci ls --layout "$layout"); do
      registry_push "$layout:$tag" "$1/$name:$tag"
    done
  done
  for name in redis:alpine busybox:latest multi:latest; do
    registry_push "$2/$name" "$1/library/${name%:*}:docker" --format v2s2
  done
}

# The registry $1 stands for docker.io, as its last resort too: nothing is asked of the real one.
registry_as_docker_io() {
  local url=http://$1 dir=$lab/hosts/docker.io
  mkdir -p "$dir"
  printf '%s\n' "server = \"$url\"" '' "[host.\"$url\"]" '  capabilities = ["pull", "resolve", "push"]' >"$dir/hosts.toml.new"
  mv "$dir/hosts.toml.new" "$dir/hosts.toml"
}
