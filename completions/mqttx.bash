# Completion of mqttx for bash. Printed by: mqttx --generate bash

_mqttx() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} IFS=$'\n'
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    _mqttx_words 'pub sub passwd rr broker inspect bench context help --help --version --generate'
    return
  fi
  case ${COMP_WORDS[1]} in
    help) _mqttx_words 'pub sub passwd rr broker inspect bench context' ;;
    --generate)
      if ((COMP_CWORD == 2)); then _mqttx_words 'man bash zsh fish'; else _mqttx_words 'pub sub passwd rr broker inspect bench context'; fi
      ;;
    pub)
      case $before in
        -f | --file) _mqttx_files ;;
        -q | --qos) _mqttx_words '0 1 2' ;;
        -h | --host) COMPREPLY=($(compgen -A hostname -- "$word")) ;;
        --unix) _mqttx_files ;;
        --cafile) _mqttx_files ;;
        --cert) _mqttx_files ;;
        --key) _mqttx_files ;;
        --key-passphrase-file) _mqttx_files ;;
        --keyform) _mqttx_words 'pem engine' ;;
        --tls-version) _mqttx_words 'tlsv1.2 tlsv1.3' ;;
        --tls-keylog) _mqttx_files ;;
        --password-file) _mqttx_files ;;
        -V | --protocol-version) _mqttx_words 'mqttv31 mqttv311 mqttv5' ;;
        --will-qos) _mqttx_words '0 1 2' ;;
        -o | --options-file) _mqttx_files ;;
        -t | --topic | -m | --message | --repeat | --repeat-delay | --timeout | -p | --port | -A | --bind | --connect-timeout | --retry | --ws-path | --ws-header | --proxy | --capath | --ciphers | --tls-alpn | --psk | --psk-identity | --tls-engine | --tls-engine-kpass-sha1 | --retry-max | -L | --url | -i | --id | -I | --id-prefix | -k | --keepalive | -u | --username | -P | --pw | --password-env | --password-command | -M | --max-inflight | --will-topic | --will-payload | -D | --property | -x | --session-expiry | --will-delay | --will-expiry | --user-property | --content-type | --message-expiry | --correlation-data | --payload-format | --response-topic | --topic-alias | --context) ;;
        *) _mqttx_words '-t --topic -m --message -f --file -s --stdin-file -l --stdin-line --json -n --null-message -q --qos -r --retain --repeat --repeat-delay --timeout -h --host -p --port --unix -A --bind --nodelay --connect-timeout --retry --ws --ws-path --ws-header --proxy -S --srv --cafile --capath --tls-use-os-certs --no-tls --cert --key --key-passphrase-file --keyform --ciphers --tls-version --tls-alpn --tls-keylog --insecure --psk --psk-identity --tls-engine --tls-engine-kpass-sha1 --retry-max --no-reconnect -L --url -i --id -I --id-prefix -c --disable-clean-session -k --keepalive -u --username -P --pw --password-file --password-env --password-command -V --protocol-version -M --max-inflight --will-topic --will-payload --will-qos --will-retain -D --property -x --session-expiry --will-delay --will-expiry --user-property --content-type --message-expiry --correlation-data --payload-format --response-topic --topic-alias --context -o --options-file -d --debug --quiet --help --version' ;;
      esac
      ;;
    sub)
      case $before in
        -q | --qos) _mqttx_words '0 1 2' ;;
        -h | --host) COMPREPLY=($(compgen -A hostname -- "$word")) ;;
        --unix) _mqttx_files ;;
        --cafile) _mqttx_files ;;
        --cert) _mqttx_files ;;
        --key) _mqttx_files ;;
        --key-passphrase-file) _mqttx_files ;;
        --keyform) _mqttx_words 'pem engine' ;;
        --tls-version) _mqttx_words 'tlsv1.2 tlsv1.3' ;;
        --tls-keylog) _mqttx_files ;;
        --password-file) _mqttx_files ;;
        -V | --protocol-version) _mqttx_words 'mqttv31 mqttv311 mqttv5' ;;
        --will-qos) _mqttx_words '0 1 2' ;;
        --retain-handling) _mqttx_words 'always new never' ;;
        -o | --options-file) _mqttx_files ;;
        -t | --topic | -U | --unsubscribe | -T | --filter-out | -C | --count | -W | --timeout | --random-filter | -F | --format | -p | --port | -A | --bind | --connect-timeout | --retry | --ws-path | --ws-header | --proxy | --capath | --ciphers | --tls-alpn | --psk | --psk-identity | --tls-engine | --tls-engine-kpass-sha1 | --retry-max | -L | --url | -i | --id | -I | --id-prefix | -k | --keepalive | -u | --username | -P | --pw | --password-env | --password-command | -M | --max-inflight | --will-topic | --will-payload | -D | --property | -x | --session-expiry | --will-delay | --will-expiry | --user-property | --subscription-identifier | --context) ;;
        *) _mqttx_words '-t --topic -U --unsubscribe -T --filter-out -q --qos -C --count -W --timeout -E -R --retained-only --remove-retained --random-filter -v --verbose -N -F --format --json --pretty --message-rate -w --watch -h --host -p --port --unix -A --bind --nodelay --connect-timeout --retry --ws --ws-path --ws-header --proxy -S --srv --cafile --capath --tls-use-os-certs --no-tls --cert --key --key-passphrase-file --keyform --ciphers --tls-version --tls-alpn --tls-keylog --insecure --psk --psk-identity --tls-engine --tls-engine-kpass-sha1 --retry-max --no-reconnect -L --url -i --id -I --id-prefix -c --disable-clean-session -k --keepalive -u --username -P --pw --password-file --password-env --password-command -V --protocol-version -M --max-inflight --will-topic --will-payload --will-qos --will-retain -D --property -x --session-expiry --will-delay --will-expiry --no-local --retain-as-published --retain-handling --user-property --subscription-identifier --context -o --options-file -d --debug --quiet --help --version' ;;
      esac
      ;;
    passwd)
      case $before in
        --password-file) _mqttx_files ;;
        -H | --hash) _mqttx_words 'argon2id sha512-pbkdf2 sha512' ;;
        --format) _mqttx_words 'mosquitto bcrypt rabbitmq emqx-csv' ;;
        -I | --iterations | --jobs) ;;
        *) _mqttx_words_or_files '-c --create -D --delete -U --update -n --print --verify --rehash --list --audit --json -b --batch --password-file --generate -H --hash -I --iterations --format --jobs --quiet --help --version' ;;
      esac
      ;;
    rr)
      case $before in
        -q | --qos) _mqttx_words '0 1 2' ;;
        -f | --file) _mqttx_files ;;
        -h | --host) COMPREPLY=($(compgen -A hostname -- "$word")) ;;
        --unix) _mqttx_files ;;
        --cafile) _mqttx_files ;;
        --cert) _mqttx_files ;;
        --key) _mqttx_files ;;
        --key-passphrase-file) _mqttx_files ;;
        --keyform) _mqttx_words 'pem engine' ;;
        --tls-version) _mqttx_words 'tlsv1.2 tlsv1.3' ;;
        --tls-keylog) _mqttx_files ;;
        --password-file) _mqttx_files ;;
        -V | --protocol-version) _mqttx_words 'mqttv31 mqttv311 mqttv5' ;;
        --will-qos) _mqttx_words '0 1 2' ;;
        --retain-handling) _mqttx_words 'always new never' ;;
        -o | --options-file) _mqttx_files ;;
        -t | --topic | -e | --response-topic | --replies | -W | --timeout | -m | --message | -F | --format | --exec | --jobs | -p | --port | -A | --bind | --connect-timeout | --retry | --ws-path | --ws-header | --proxy | --capath | --ciphers | --tls-alpn | --psk | --psk-identity | --tls-engine | --tls-engine-kpass-sha1 | --retry-max | -L | --url | -i | --id | -I | --id-prefix | -k | --keepalive | -u | --username | -P | --pw | --password-env | --password-command | -M | --max-inflight | --will-topic | --will-payload | -D | --property | -x | --session-expiry | --will-delay | --will-expiry | --user-property | --subscription-identifier | --content-type | --message-expiry | --correlation-data | --payload-format | --context) ;;
        *) _mqttx_words '-t --topic -e --response-topic -l --stdin-line -q --qos --replies -W --timeout -R -m --message -f --file -s --stdin-file -n --null-message -v --verbose -N -F --format --json --pretty --latency --serve --exec --echo --jobs -h --host -p --port --unix -A --bind --nodelay --connect-timeout --retry --ws --ws-path --ws-header --proxy -S --srv --cafile --capath --tls-use-os-certs --no-tls --cert --key --key-passphrase-file --keyform --ciphers --tls-version --tls-alpn --tls-keylog --insecure --psk --psk-identity --tls-engine --tls-engine-kpass-sha1 --retry-max --no-reconnect -L --url -i --id -I --id-prefix -c --disable-clean-session -k --keepalive -u --username -P --pw --password-file --password-env --password-command -V --protocol-version -M --max-inflight --will-topic --will-payload --will-qos --will-retain -D --property -x --session-expiry --will-delay --will-expiry --no-local --retain-as-published --retain-handling --user-property --subscription-identifier --content-type --message-expiry --correlation-data --payload-format --context -o --options-file -d --debug --quiet --help --version' ;;
      esac
      ;;
    broker)
      case $before in
        --certfile) _mqttx_files ;;
        --keyfile) _mqttx_files ;;
        --password-file) _mqttx_files ;;
        -p | --port | --bind | --tls-port | --ws-port | --wss-port) ;;
        *) _mqttx_words '-p --port --bind --tls-port --ws-port --wss-port --certfile --keyfile --password-file --allow-anonymous --quiet --help --version' ;;
      esac
      ;;
    inspect)
      case $before in
        -r | --read) _mqttx_files ;;
        --keylog) _mqttx_files ;;
        -V | --protocol-version) _mqttx_words 'mqttv31 mqttv311 mqttv5' ;;
        --view) _mqttx_words 'bytes line tree flow json stats' ;;
        --color) _mqttx_words 'auto always never' ;;
        --write) _mqttx_files ;;
        --only) _mqttx_words 'violations' ;;
        --hex | -p | --port | --type | --client | --topic | --connection | --from | --to | -C | --count) ;;
        *) _mqttx_words '-r --read --hex --keylog -p --port -V --protocol-version --view --full --fields --sparkplug --show-secrets --color --write --type --client --topic --connection --from --to --only -C --count --quiet --help --version' ;;
      esac
      ;;
    bench)
      case $before in
        -q | --qos) _mqttx_words '0 1 2' ;;
        -f | --file) _mqttx_files ;;
        --csv) _mqttx_files ;;
        --hdr) _mqttx_files ;;
        -h | --host) COMPREPLY=($(compgen -A hostname -- "$word")) ;;
        --unix) _mqttx_files ;;
        --cafile) _mqttx_files ;;
        --cert) _mqttx_files ;;
        --key) _mqttx_files ;;
        --key-passphrase-file) _mqttx_files ;;
        --keyform) _mqttx_words 'pem engine' ;;
        --tls-version) _mqttx_words 'tlsv1.2 tlsv1.3' ;;
        --tls-keylog) _mqttx_files ;;
        --password-file) _mqttx_files ;;
        -V | --protocol-version) _mqttx_words 'mqttv31 mqttv311 mqttv5' ;;
        --do | --clients | --subscribers | -t | --topic | --size | --topics | --zipf | -m | --message | --response-topic | --ramp | --churn | --start-on | --servers | --ifaddr | --rate | --rate-per-client | --connect-rate | --duration | --count | --warmup | --seed | --shard | --start-at | --workers | --assert | -p | --port | -A | --bind | --connect-timeout | --retry | --ws-path | --ws-header | --proxy | --capath | --ciphers | --tls-alpn | --psk | --psk-identity | --tls-engine | --tls-engine-kpass-sha1 | --retry-max | -L | --url | -i | --id | -I | --id-prefix | -k | --keepalive | -u | --username | -P | --pw | --password-env | --password-command | -M | --max-inflight | -D | --property | -x | --session-expiry | --user-property | --content-type | --message-expiry | --correlation-data | --payload-format | --context) ;;
        *) _mqttx_words '--do --clients --subscribers -t --topic -q --qos -r --retain --size --topics --zipf -m --message -f --file --template --response-topic --ramp --churn --start-on --servers --ifaddr --rate --rate-per-client --connect-rate --duration --count --warmup --seed --shard --start-at --workers --json --assert --csv --hdr -h --host -p --port --unix -A --bind --nodelay --connect-timeout --retry --ws --ws-path --ws-header --proxy -S --srv --cafile --capath --tls-use-os-certs --no-tls --cert --key --key-passphrase-file --keyform --ciphers --tls-version --tls-alpn --tls-keylog --insecure --psk --psk-identity --tls-engine --tls-engine-kpass-sha1 --retry-max --no-reconnect -L --url -i --id -I --id-prefix -c --disable-clean-session -k --keepalive -u --username -P --pw --password-file --password-env --password-command -V --protocol-version -M --max-inflight -D --property -x --session-expiry --user-property --content-type --message-expiry --correlation-data --payload-format --context --quiet --help --version' ;;
      esac
      ;;
    context)
      case $before in
        -h | --host) COMPREPLY=($(compgen -A hostname -- "$word")) ;;
        --unix) _mqttx_files ;;
        --cafile) _mqttx_files ;;
        --cert) _mqttx_files ;;
        --key) _mqttx_files ;;
        --key-passphrase-file) _mqttx_files ;;
        --keyform) _mqttx_words 'pem engine' ;;
        --tls-version) _mqttx_words 'tlsv1.2 tlsv1.3' ;;
        --tls-keylog) _mqttx_files ;;
        --password-file) _mqttx_files ;;
        -V | --protocol-version) _mqttx_words 'mqttv31 mqttv311 mqttv5' ;;
        --will-qos) _mqttx_words '0 1 2' ;;
        --do | -L | --url | -p | --port | -A | --bind | --connect-timeout | --retry | --ws-path | --ws-header | --proxy | --capath | --ciphers | --tls-alpn | --psk | --psk-identity | --tls-engine | --tls-engine-kpass-sha1 | --retry-max | -i | --id | -I | --id-prefix | -k | --keepalive | -u | --username | --password-env | --password-command | -M | --max-inflight | -P | --pw | --will-topic | --will-payload | -D | --property | -x | --session-expiry | --will-delay | --will-expiry) ;;
        *) _mqttx_words '--do --replace -L --url -h --host -p --port --unix -A --bind --nodelay --connect-timeout --retry --ws --ws-path --ws-header --proxy -S --srv --cafile --capath --tls-use-os-certs --no-tls --cert --key --key-passphrase-file --keyform --ciphers --tls-version --tls-alpn --tls-keylog --insecure --psk --psk-identity --tls-engine --tls-engine-kpass-sha1 --retry-max --no-reconnect -i --id -I --id-prefix -c --disable-clean-session -k --keepalive -u --username --password-file --password-env --password-command -V --protocol-version -M --max-inflight -P --pw --will-topic --will-payload --will-qos --will-retain -D --property -x --session-expiry --will-delay --will-expiry --complete-topics --help --version' ;;
      esac
      ;;
  esac
}

_mqttx_words() {
  local IFS=$' \n'
  COMPREPLY=($(compgen -W "$1" -- "$word"))
}

_mqttx_files() {
  compopt -o filenames 2>/dev/null
  COMPREPLY=($(compgen -f -- "$word"))
}

_mqttx_words_or_files() {
  if [[ $word == -* ]]; then _mqttx_words "$1"; else _mqttx_files; fi
}

complete -F _mqttx mqttx
