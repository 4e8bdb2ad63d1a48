#!/usr/bin/env bash
# try.sh deb|archive|npm|clone: installs what was built into a clean place and uses it from there: manual pages, completion in
# bash, and a pipeline through a broker. Nothing of this checkout is on PATH.
set -euo pipefail
cd "$(dirname "$0")/../.."
kind=$1
version=$(node -p "require('./package.json').version")
place=$(mktemp -d)
started=()
cleanup() {
  local pid
  for pid in "${started[@]}"; do
    kill "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
  done
  if [ "${installed:-}" = yes ]; then dpkg --purge mqttx >/dev/null; fi
  rm -rf "$place"
}
trap cleanup EXIT

fail() {
  echo "try.sh $kind: $*" >&2
  exit 1
}

one() { # the one file of a pattern
  [ $# -eq 1 ] && [ -e "$1" ] || fail "expected one file, not: $*"
  echo "$1"
}

case $kind in
deb)
  package=$(one build/release/mqttx_"$version"_*.deb)
  lintian "$package" || fail 'lintian finds errors'
  if [ "$(id -u)" -eq 0 ]; then
    # Small images leave out manual pages and documents.
    dpkg --path-include='/usr/share/man/*' --path-include='/usr/share/doc/*' -i "$package"
    installed=yes
    root=
  else
    dpkg-deb -x "$package" "$place"
    root=$place
  fi
  bin=$root/usr/bin
  pages=$root/usr/share/man
  completions=$root/usr/share/bash-completion/completions/mqttx
  ;;
archive)
  (cd build/release && sha256sum --check --quiet SHA256SUMS)
  case $(uname -m) in x86_64) arch=x64 ;; *) arch=arm64 ;; esac
  tar -xJf "$(one build/release/mqttx-"$version"-linux-$arch.tar.xz)" -C "$place"
  bin=$place/mqttx-$version-linux-$arch
  pages=$bin/man
  completions=$bin/completions/mqttx.bash
  for file in README.md LICENSE LICENSES.txt CHANGELOG.md; do [ -s "$bin/$file" ] || fail "no $file"; done
  node -e "
    const { components } = JSON.parse(fs.readFileSync(process.argv[1]))
    for (const name of ['bun', 'ws'])
      if (!components.some((component) => component.name === name)) throw new Error('not listed: ' + name)
  " "$bin/sbom.cdx.json"
  ;;
npm)
  npm publish --dry-run --ignore-scripts --loglevel=warn 2>"$place/said" >/dev/null || fail "$(cat "$place/said")"
  if grep 'auto-corrected' "$place/said"; then fail 'npm publish has to correct package.json'; fi
  npm pack --ignore-scripts --json --loglevel=error --pack-destination "$place" >"$place/pack.json"
  # Bytes, packed and unpacked.
  node -e "
    const [{ size, unpackedSize }] = Object.values(JSON.parse(fs.readFileSync(process.argv[1])))
    console.log(size, 'bytes packed,', unpackedSize, 'unpacked')
    if (size >= 1e6 || unpackedSize >= 2e6) throw new Error('too large')
    if (Object.keys(require('./package.json').dependencies ?? {}).length > 0) throw new Error('it has dependencies')
  " "$place/pack.json"
  # No registry and an empty cache: there is nothing that it could fetch.
  npm install --global --prefix "$place/prefix" --cache "$place/cache" --offline --loglevel=error "$place"/mqttx-*.tgz
  bin=$place/prefix/bin
  pages=$place/prefix/share/man
  completions=$place/completions # npm installs none: the program prints them
  PATH=$bin:$PATH mqttx completion bash >"$completions"
  ;;
clone)
  # Each way from a clone without node_modules, alone; npm may use its cache and the registry.
  npm_config_audit=false npm_config_fund=false npm_config_update_notifier=false
  export npm_config_audit npm_config_fund npm_config_update_notifier
  source=$PWD
  fresh() {
    cd "$source"
    rm -rf "$place/clone"
    git clone --quiet "file://$source" "$place/clone"
    cd "$place/clone"
  }
  works() { # what was installed where
    local answer
    answer=$("$1" --version) || fail "$2: mqttx --version"
    [ "$answer" = "mqttx $version" ] || fail "$2: $answer"
    echo "$2"
  }

  fresh
  node bin/mqttx.js --version 2>unbuilt && fail 'it runs before it is built'
  grep -q 'npm ci' unbuilt || fail "before a build: $(cat unbuilt)"
  npm ci --loglevel=error >/dev/null
  works bin/mqttx.js 'npm ci && node bin/mqttx.js'

  fresh
  npm install --global --prefix "$place/linked" --loglevel=error . >/dev/null
  works "$place/linked/bin/mqttx" 'npm install -g .'

  npm install --global --prefix "$place/git" --loglevel=error "git+file://$source" >/dev/null
  [ ! -L "$place/git/lib/node_modules/mqttx" ] || fail 'npm install -g git+file: a link to a temporary clone'
  works "$place/git/bin/mqttx" 'npm install -g git+file://'

  fresh
  npm pack --loglevel=error >/dev/null
  [ -z "$(git status --porcelain)" ] || fail "npm pack leaves: $(git status --short)"
  npm install --global --prefix "$place/prefix" --offline "$(one "$PWD"/mqttx-*.tgz)" >said 2>&1
  if grep -i warn said; then fail 'npm warns about the package'; fi
  works "$place/prefix/bin/mqttx" 'npm pack, and the tarball installed'

  fresh
  mkdir -p build
  [ ! -d "$source/build/cache" ] || ln -s "$source/build/cache" build/cache # the Node binaries, which are large
  npm run --silent deb >/dev/null
  [ -e "$(one build/release/mqttx_"$version"_*.deb)" ] || fail 'npm run deb'
  echo 'npm run deb'

  cd "$source"
  bin=$place/prefix/bin
  pages=$place/prefix/share/man
  completions=$place/completions # npm installs none: the program prints them
  PATH=$bin:$PATH mqttx completion bash >"$completions"
  ;;
*) fail 'deb, archive, npm or clone?' ;;
esac

# A shell that knows of nothing else: Node for the npm package, and the system's tools.
clean=(env -i "PATH=$bin:$(dirname "$(command -v node)"):/usr/bin:/bin" "HOME=$place" "TMPDIR=$place" LC_ALL=C.UTF-8)
cd "$place"

[ "$("${clean[@]}" mqttx --version)" = "mqttx $version" ] || fail 'mqttx --version'
echo "version $version"

count=0
for page in $(find "$pages" -name "mqttx*.[0-9]*"); do
  "${clean[@]}" MANWIDTH=80 man -l "$page" >page.txt 2>man.err || fail "man -l $page: $(cat man.err)"
  grep -q '^NAME' page.txt || fail "$page has no NAME"
  if grep -n '.\{81\}' page.txt; then fail "$page is wider than 80 columns"; fi
  count=$((count + 1))
done
[ "$count" -eq "$(cd "$OLDPWD" && node -p "require('./package.json').man.length")" ] || fail "$count manual pages"
echo "$count manual pages"

"${clean[@]}" bash -c '
  source "$1"
  function=$(complete -p mqttx | sed "s/.* -F \([^ ]*\) .*/\1/")
  offered() {
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMPREPLY=()
    "$function" mqttx "${@: -1}" "${@: -2:1}"
    printf "%s " "${COMPREPLY[@]}"
  }
  [[ " $(offered mqttx in)" == *" inspect "* ]] && [[ " $(offered mqttx pub --top)" == *" --topic "* ]]
' - "$completions" || fail 'completion in bash'
echo 'completion in bash'

"${clean[@]}" mqttx broker -p 0 >broker.txt 2>broker.err &
started=($! "${started[@]}") # the last is ended first
for _ in $(seq 100); do
  port=$(sed -n 's|^mqtt://127.0.0.1:\([0-9]*\)$|\1|p' broker.txt)
  [ -z "$port" ] || break
  sleep 0.1
done
[ -n "$port" ] || fail "no broker: $(cat broker.err)"
"${clean[@]}" mqttx sub -p "$port" -t t >received.txt &
started=($! "${started[@]}")
for _ in $(seq 100); do
  [ ! -s received.txt ] || break
  "${clean[@]}" mqttx pub -p "$port" -t t -m ready
done
printf 'one\ntwo\nthree\n' | "${clean[@]}" mqttx pub -p "$port" -t t -l -q 1
for _ in $(seq 100); do
  ! grep -q three received.txt || break
  sleep 0.1
done
[ "$(grep -v ready received.txt | tr '\n' ' ')" = 'one two three ' ] || fail "received: $(cat received.txt)"
echo 'a pipeline through a broker'

# The files that are read only when they are asked for, and the threads.
"${clean[@]}" mqttx passwd -c -H argon2id -b users ada secret >/dev/null 2>&1 || fail 'passwd on a thread'
grep -q '^ada:\$argon2id\$' users || fail 'passwd on a thread'
"${clean[@]}" mqttx bench pub -p "$port" --clients 2 --count 100 >bench.txt 2>&1 || fail "bench: $(cat bench.txt)"
"${clean[@]}" mqttx inspect --hex '30 05 00 03 61 2f 62' | grep -q 'PUBLISH "a/b"' || fail 'inspect'
"${clean[@]}" mqttx pub --help | grep -q -- --topic || fail 'help'
echo 'passwd, bench, inspect and help'
