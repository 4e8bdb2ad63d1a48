# Completion of mqttx for bash. Printed by: mqttx completion bash

_mqttx() {
  local line word before piece=$2
  COMPREPLY=()
  _mqttx_rejoin
  word=${line[${#line[@]} - 1]}
  if ((${#line[@]} == 2)); then
    _mqttx_words 'pub sub passwd rr replay retained broker gateway inspect tap top bench check context completion help --help --version --generate'
    return
  fi
  before=${line[${#line[@]} - 2]}
  if [[ $word == --*=* ]]; then before=${word%%=*} word=${word#*=}; fi
  case ${line[1]} in
    help) if ((${#line[@]} == 3)); then _mqttx_words 'pub sub passwd rr replay retained broker gateway inspect tap top bench check context completion'; else _mqttx_words 'all'; fi ;;
    --help) _mqttx_words 'all' ;;
    --generate)
      if ((${#line[@]} == 3)); then _mqttx_words 'man bash zsh fish'; else _mqttx_words 'pub sub passwd rr replay retained broker gateway inspect tap top bench check context completion'; fi
      ;;
    pub)
      case $before in
        --help) _mqttx_words 'all' ;;
        -t | --topic) _mqttx_topics ;;
        -m | --message | --repeat | --repeat-delay | --timeout | -p | --port | -A | --bind | --connect-timeout | --retry | --ws-path | --ws-header | --proxy | --ciphers | --tls-alpn | --servername | --psk | --psk-identity | --retry-max | -L | --url | -i | --id | -I | --id-prefix | -k | --keepalive | -u | --username | -P | --pw | --password-env | --password-command | -M | --max-inflight | --will-topic | --will-payload | -x | --session-expiry | --will-delay | --will-expiry | --user-property | --content-type | --message-expiry | --correlation-data | --payload-format | --response-topic | --topic-alias | --topic-id | --retry-interval | --retry-count) : ;;
        -f | --file | --unix | --cafile | --cert | --key | --key-passphrase-file | --tls-keylog | --password-file | --predefined-topics | -o | --options-file | --trace-file) _mqttx_files ;;
        -q | --qos | --will-qos) _mqttx_words '0 1 2' ;;
        -h | --host) _mqttx_hosts ;;
        --capath) _mqttx_directories ;;
        --keyform) _mqttx_words 'pem' ;;
        --tls-version) _mqttx_words 'tlsv1.2 tlsv1.3' ;;
        -V | --protocol-version) _mqttx_words 'mqttv31 mqttv311 mqttv5 mqtt-sn' ;;
        -D | --property) _mqttx_words 'connect publish subscribe unsubscribe disconnect will' ;;
        --context) _mqttx_contexts ;;
        *) _mqttx_words '-t --topic -m --message -f --file -s --stdin-file -l --stdin-line --json -n --null-message -q --qos -r --retain --repeat --repeat-delay --timeout -h --host -p --port --unix -A --bind --nodelay --connect-timeout --retry --ws --ws-path --ws-header --proxy -S --srv --cafile --capath --tls-use-os-certs --no-tls --cert --key --key-passphrase-file --keyform --ciphers --tls-version --tls-alpn --tls-keylog --servername --insecure --psk --psk-identity --retry-max --no-reconnect -L --url -i --id -I --id-prefix -c --disable-clean-session -k --keepalive -u --username -P --pw --password-file --password-env --password-command -V --protocol-version -M --max-inflight --will-topic --will-payload --will-qos --will-retain -D --property -x --session-expiry --will-delay --will-expiry --user-property --content-type --message-expiry --correlation-data --payload-format --response-topic --topic-alias --topic-id --predefined-topics --retry-interval --retry-count --explain --connect --context -o --options-file -d --debug --quiet --trace --trace-file --show-secrets --help --version' ;;
      esac
      ;;
    sub)
      case $before in
        --help) _mqttx_words 'all' ;;
        -t | --topic | -U | --unsubscribe | -T | --filter-out | --dead-letter) _mqttx_topics ;;
        -q | --qos | --will-qos) _mqttx_words '0 1 2' ;;
        -C | --count | -W | --timeout | --random-filter | --exec | --jobs | --retries | --retry-delay | --exec-timeout | -p | --port | -A | --bind | --connect-timeout | --retry | --ws-path | --ws-header | --proxy | --ciphers | --tls-alpn | --servername | --psk | --psk-identity | --retry-max | -L | --url | -i | --id | -I | --id-prefix | -k | --keepalive | -u | --username | -P | --pw | --password-env | --password-command | -M | --max-inflight | --will-topic | --will-payload | -x | --session-expiry | --will-delay | --will-expiry | --user-property | --subscription-identifier | --topic-id | --retry-interval | --retry-count | --sleep) : ;;
        -F | --format) _mqttx_words '%p %t %j %J %x %X %l %U %I' ;;
        --table | --unix | --cafile | --cert | --key | --key-passphrase-file | --tls-keylog | --password-file | --predefined-topics | -o | --options-file | --trace-file) _mqttx_files ;;
        -h | --host) _mqttx_hosts ;;
        --capath) _mqttx_directories ;;
        --keyform) _mqttx_words 'pem' ;;
        --tls-version) _mqttx_words 'tlsv1.2 tlsv1.3' ;;
        -V | --protocol-version) _mqttx_words 'mqttv31 mqttv311 mqttv5 mqtt-sn' ;;
        -D | --property) _mqttx_words 'connect publish subscribe unsubscribe disconnect will' ;;
        --retain-handling) _mqttx_words 'always new never' ;;
        --context) _mqttx_contexts ;;
        *) _mqttx_words '-t --topic -U --unsubscribe -T --filter-out -q --qos -C --count -W --timeout -E -R --retained-only --remove-retained --random-filter -v --verbose -N -F --format --json --pretty --message-rate -w --watch --exec --table --jobs --retries --retry-delay --dead-letter --exec-timeout -h --host -p --port --unix -A --bind --nodelay --connect-timeout --retry --ws --ws-path --ws-header --proxy -S --srv --cafile --capath --tls-use-os-certs --no-tls --cert --key --key-passphrase-file --keyform --ciphers --tls-version --tls-alpn --tls-keylog --servername --insecure --psk --psk-identity --retry-max --no-reconnect -L --url -i --id -I --id-prefix -c --disable-clean-session -k --keepalive -u --username -P --pw --password-file --password-env --password-command -V --protocol-version -M --max-inflight --will-topic --will-payload --will-qos --will-retain -D --property -x --session-expiry --will-delay --will-expiry --no-local --retain-as-published --retain-handling --user-property --subscription-identifier --topic-id --predefined-topics --retry-interval --retry-count --sleep --discover --explain --connect --context -o --options-file -d --debug --quiet --trace --trace-file --show-secrets --help --version' ;;
      esac
      ;;
    passwd)
      case $before in
        --help) _mqttx_words 'all' ;;
        --password-file) _mqttx_files ;;
        -H | --hash) _mqttx_words 'argon2id sha512-pbkdf2 sha512' ;;
        -I | --iterations | --jobs) : ;;
        --format) _mqttx_words 'mosquitto bcrypt rabbitmq emqx-csv' ;;
        *)
          if [[ $word == -* ]]; then _mqttx_words '-c --create -D --delete -U --update -n --print --verify --rehash --if-changed --list --audit --no-guess --json -b --batch --password-file --generate -H --hash -I --iterations --format --jobs --quiet --help --version'
          else _mqttx_files; fi
          ;;
      esac
      ;;
    rr)
      case $before in
        --help) _mqttx_words 'all' ;;
        -t | --topic | -e | --response-topic) _mqttx_topics ;;
        -q | --qos | --will-qos) _mqttx_words '0 1 2' ;;
        --replies | -W | --timeout | -m | --message | --exec | --jobs | -p | --port | -A | --bind | --connect-timeout | --retry | --ws-path | --ws-header | --proxy | --ciphers | --tls-alpn | --servername | --psk | --psk-identity | --retry-max | -L | --url | -i | --id | -I | --id-prefix | -k | --keepalive | -u | --username | -P | --pw | --password-env | --password-command | -M | --max-inflight | --will-topic | --will-payload | -x | --session-expiry | --will-delay | --will-expiry | --user-property | --subscription-identifier | --content-type | --message-expiry | --correlation-data | --payload-format) : ;;
        -f | --file | --unix | --cafile | --cert | --key | --key-passphrase-file | --tls-keylog | --password-file | -o | --options-file | --trace-file) _mqttx_files ;;
        -F | --format) _mqttx_words '%p %t %j %J %x %X %l %U %I' ;;
        -h | --host) _mqttx_hosts ;;
        --capath) _mqttx_directories ;;
        --keyform) _mqttx_words 'pem' ;;
        --tls-version) _mqttx_words 'tlsv1.2 tlsv1.3' ;;
        -V | --protocol-version) _mqttx_words 'mqttv31 mqttv311 mqttv5' ;;
        -D | --property) _mqttx_words 'connect publish subscribe unsubscribe disconnect will' ;;
        --retain-handling) _mqttx_words 'always new never' ;;
        --context) _mqttx_contexts ;;
        *) _mqttx_words '-t --topic -e --response-topic -l --stdin-line -q --qos --replies -W --timeout -R -m --message -f --file -s --stdin-file -n --null-message -v --verbose -N -F --format --json --pretty --latency --serve --exec --echo --jobs -h --host -p --port --unix -A --bind --nodelay --connect-timeout --retry --ws --ws-path --ws-header --proxy -S --srv --cafile --capath --tls-use-os-certs --no-tls --cert --key --key-passphrase-file --keyform --ciphers --tls-version --tls-alpn --tls-keylog --servername --insecure --psk --psk-identity --retry-max --no-reconnect -L --url -i --id -I --id-prefix -c --disable-clean-session -k --keepalive -u --username -P --pw --password-file --password-env --password-command -V --protocol-version -M --max-inflight --will-topic --will-payload --will-qos --will-retain -D --property -x --session-expiry --will-delay --will-expiry --no-local --retain-as-published --retain-handling --user-property --subscription-identifier --content-type --message-expiry --correlation-data --payload-format --context -o --options-file -d --debug --quiet --trace --trace-file --show-secrets --help --version' ;;
      esac
      ;;
    replay)
      case $before in
        --help) _mqttx_words 'all' ;;
        --read | --keylog | --unix | --cafile | --cert | --key | --key-passphrase-file | --tls-keylog | --password-file | --trace-file) _mqttx_files ;;
        --direction) _mqttx_words 'c2s s2c' ;;
        --client | --from | --to | --start-at | --loop-count | --prefix | --map | -W | --timeout | -p | --port | -A | --bind | --connect-timeout | --retry | --ws-path | --ws-header | --proxy | --ciphers | --tls-alpn | --servername | --psk | --psk-identity | --retry-max | -L | --url | -i | --id | -I | --id-prefix | -k | --keepalive | -u | --username | -P | --pw | --password-env | --password-command | -M | --max-inflight | --will-topic | --will-payload | -x | --session-expiry | --will-delay | --will-expiry) : ;;
        --filter) _mqttx_topics ;;
        --speed) _mqttx_words '0.5 1 2 10 max' ;;
        -h | --host) _mqttx_hosts ;;
        --capath) _mqttx_directories ;;
        --keyform) _mqttx_words 'pem' ;;
        --tls-version) _mqttx_words 'tlsv1.2 tlsv1.3' ;;
        -V | --protocol-version) _mqttx_words 'mqttv31 mqttv311 mqttv5' ;;
        --will-qos) _mqttx_words '0 1 2' ;;
        -D | --property) _mqttx_words 'connect publish subscribe unsubscribe disconnect will' ;;
        --context) _mqttx_contexts ;;
        *)
          if [[ $word == -* ]]; then _mqttx_words '--read --keylog --direction --client --filter --from --to --start-at --speed --loop --loop-count --prefix --map -r --retain --no-retain -W --timeout -h --host -p --port --unix -A --bind --nodelay --connect-timeout --retry --ws --ws-path --ws-header --proxy -S --srv --cafile --capath --tls-use-os-certs --no-tls --cert --key --key-passphrase-file --keyform --ciphers --tls-version --tls-alpn --tls-keylog --servername --insecure --psk --psk-identity --retry-max --no-reconnect -L --url -i --id -I --id-prefix -c --disable-clean-session -k --keepalive -u --username -P --pw --password-file --password-env --password-command -V --protocol-version -M --max-inflight --will-topic --will-payload --will-qos --will-retain -D --property -x --session-expiry --will-delay --will-expiry --context -d --debug --quiet --trace --trace-file --show-secrets --help --version'
          else _mqttx_files; fi
          ;;
      esac
      ;;
    retained)
      case $before in
        --help) _mqttx_words 'all' ;;
        --undo | -o | --output | --unix | --cafile | --cert | --key | --key-passphrase-file | --tls-keylog | --password-file | --trace-file) _mqttx_files ;;
        -q | --qos) _mqttx_words '0 1 2' ;;
        -t | --topic) _mqttx_topics ;;
        --settle | -W | --timeout | -L | --url | -p | --port | -A | --bind | --connect-timeout | --retry | --ws-path | --ws-header | --proxy | --ciphers | --tls-alpn | --servername | --psk | --psk-identity | --retry-max | -i | --id | -I | --id-prefix | -k | --keepalive | -u | --username | -P | --pw | --password-env | --password-command | -M | --max-inflight) : ;;
        -h | --host) _mqttx_hosts ;;
        --capath) _mqttx_directories ;;
        --keyform) _mqttx_words 'pem' ;;
        --tls-version) _mqttx_words 'tlsv1.2 tlsv1.3' ;;
        -V | --protocol-version) _mqttx_words 'mqttv31 mqttv311 mqttv5' ;;
        -D | --property) _mqttx_words 'connect publish subscribe unsubscribe disconnect will' ;;
        --context) _mqttx_contexts ;;
        *)
          if [[ $word == -* ]]; then _mqttx_words '--yes --undo --no-undo -o --output -q --qos -t --topic --settle -W --timeout -v --verbose --json -L --url -h --host -p --port --unix -A --bind --nodelay --connect-timeout --retry --ws --ws-path --ws-header --proxy -S --srv --cafile --capath --tls-use-os-certs --no-tls --cert --key --key-passphrase-file --keyform --ciphers --tls-version --tls-alpn --tls-keylog --servername --insecure --psk --psk-identity --retry-max --no-reconnect -i --id -I --id-prefix -k --keepalive -u --username -P --pw --password-file --password-env --password-command -V --protocol-version -M --max-inflight -D --property --context -d --debug --quiet --trace --trace-file --show-secrets --help --version'
          else if _mqttx_typed 'ls rm save restore'; then _mqttx_topics; else _mqttx_words 'ls rm save restore'; fi; fi
          ;;
      esac
      ;;
    broker)
      case $before in
        --help) _mqttx_words 'all' ;;
        -p | --port | --bind | --tls-port | --ws-port | --wss-port | --sn-port | --max-qos | --max-packet-size | --receive-maximum | --max-keepalive | --topic-alias-maximum) : ;;
        --unix | --certfile | --keyfile | --predefined-topics | --password-file | --acl-file) _mqttx_files ;;
        *) _mqttx_words '-p --port --bind --tls-port --ws-port --wss-port --unix --certfile --keyfile --sn-port --predefined-topics --password-file --acl-file --allow-anonymous --max-qos --no-retain --max-packet-size --receive-maximum --max-keepalive --topic-alias-maximum -v --verbose --quiet --help --version' ;;
      esac
      ;;
    gateway)
      case $before in
        --help) _mqttx_words 'all' ;;
        --listen | --bind | --to | --gateway-id | --advertise | --retry-interval | --retry-count | --max-clients | --max-queue | --connect-timeout | --ws-header | --proxy | --ciphers | --tls-alpn | --servername | --psk | --psk-identity | -k | --keepalive | -u | --username | -P | --pw | --password-env | --password-command) : ;;
        --predefined-topics | --cafile | --cert | --key | --key-passphrase-file | --tls-keylog | --password-file) _mqttx_files ;;
        --capath) _mqttx_directories ;;
        --keyform) _mqttx_words 'pem' ;;
        --tls-version) _mqttx_words 'tlsv1.2 tlsv1.3' ;;
        -V | --protocol-version) _mqttx_words 'mqttv31 mqttv311 mqttv5' ;;
        *) _mqttx_words '--listen --bind --to --aggregate --predefined-topics --gateway-id --advertise --retry-interval --retry-count --max-clients --max-queue --connect-timeout --ws-header --proxy --cafile --capath --tls-use-os-certs --no-tls --cert --key --key-passphrase-file --keyform --ciphers --tls-version --tls-alpn --tls-keylog --servername --insecure --psk --psk-identity -k --keepalive -u --username -P --pw --password-file --password-env --password-command -V --protocol-version --quiet --help --version' ;;
      esac
      ;;
    inspect)
      case $before in
        --help) _mqttx_words 'all' ;;
        -r | --read | --keylog | --write) _mqttx_files ;;
        --hex | -p | --port | --client | --topic | --connection | --from | --to | -C | --count) : ;;
        --protocol) _mqttx_words 'mqtt-sn' ;;
        -V | --protocol-version) _mqttx_words 'mqttv31 mqttv311 mqttv5' ;;
        --view) _mqttx_words 'bytes line tree flow json stats' ;;
        --color) _mqttx_words 'auto always never' ;;
        --type) _mqttx_words 'CONNECT CONNACK PUBLISH PUBACK PUBREC PUBREL PUBCOMP SUBSCRIBE SUBACK UNSUBSCRIBE UNSUBACK PINGREQ PINGRESP DISCONNECT AUTH RESERVED ADVERTISE SEARCHGW GWINFO WILLTOPICREQ WILLTOPIC WILLMSGREQ WILLMSG REGISTER REGACK WILLTOPICUPD WILLTOPICRESP WILLMSGUPD WILLMSGRESP FORWARDED' ;;
        --only) _mqttx_words 'violations' ;;
        *)
          if [[ $word == -* ]]; then _mqttx_words '-r --read --hex --protocol --keylog -p --port -V --protocol-version --view --full --fields --sparkplug --show-secrets --color --no-pager --write --type --client --topic --connection --from --to --only -C --count --quiet --help --version'
          else _mqttx_files; fi
          ;;
      esac
      ;;
    tap)
      case $before in
        --help) _mqttx_words 'all' ;;
        --listen | --to | --connect-timeout | --fault | --seed | --tls-port | --ws-port | --wss-port | --ws-header | --proxy | --ciphers | --tls-alpn | --servername | --psk | --psk-identity | --client | --topic | --connection) : ;;
        --fault-file | --unix | --certfile | --keyfile | --cafile | --cert | --key | --key-passphrase-file | --tls-keylog | --write) _mqttx_files ;;
        --capath) _mqttx_directories ;;
        --keyform) _mqttx_words 'pem' ;;
        --tls-version) _mqttx_words 'tlsv1.2 tlsv1.3' ;;
        --view) _mqttx_words 'bytes line tree flow json stats none' ;;
        --color) _mqttx_words 'auto always never' ;;
        -V | --protocol-version) _mqttx_words 'mqttv31 mqttv311 mqttv5' ;;
        --type) _mqttx_words 'CONNECT CONNACK PUBLISH PUBACK PUBREC PUBREL PUBCOMP SUBSCRIBE SUBACK UNSUBSCRIBE UNSUBACK PINGREQ PINGRESP DISCONNECT AUTH RESERVED ADVERTISE SEARCHGW GWINFO WILLTOPICREQ WILLTOPIC WILLMSGREQ WILLMSG REGISTER REGACK WILLTOPICUPD WILLTOPICRESP WILLMSGUPD WILLMSGRESP FORWARDED' ;;
        --only) _mqttx_words 'violations' ;;
        *) _mqttx_words '--listen --to --connect-timeout --fault --fault-file --seed --tls-port --ws-port --wss-port --unix --certfile --keyfile --ws-header --proxy --cafile --capath --tls-use-os-certs --no-tls --cert --key --key-passphrase-file --keyform --ciphers --tls-version --tls-alpn --tls-keylog --servername --insecure --psk --psk-identity --view --write --full --fields --sparkplug --show-secrets --color -V --protocol-version --type --client --topic --connection --only --quiet --help --version' ;;
      esac
      ;;
    top)
      case $before in
        --help) _mqttx_words 'all' ;;
        -q | --qos | --will-qos) _mqttx_words '0 1 2' ;;
        -C | --count | -W | --timeout | --interval | --limit | --silent | -p | --port | -A | --bind | --connect-timeout | --retry | --ws-path | --ws-header | --proxy | --ciphers | --tls-alpn | --servername | --psk | --psk-identity | --retry-max | -L | --url | -i | --id | -I | --id-prefix | -k | --keepalive | -u | --username | -P | --pw | --password-env | --password-command | -M | --max-inflight | --will-topic | --will-payload | -x | --session-expiry | --will-delay | --will-expiry) : ;;
        --sort) _mqttx_words 'rate bytes count silence name' ;;
        --view) _mqttx_words 'tree list' ;;
        --format) _mqttx_words 'text json prometheus' ;;
        -h | --host) _mqttx_hosts ;;
        --unix | --cafile | --cert | --key | --key-passphrase-file | --tls-keylog | --password-file | --trace-file) _mqttx_files ;;
        --capath) _mqttx_directories ;;
        --keyform) _mqttx_words 'pem' ;;
        --tls-version) _mqttx_words 'tlsv1.2 tlsv1.3' ;;
        -V | --protocol-version) _mqttx_words 'mqttv31 mqttv311 mqttv5' ;;
        -D | --property) _mqttx_words 'connect publish subscribe unsubscribe disconnect will' ;;
        --context) _mqttx_contexts ;;
        *)
          if [[ $word == -* ]]; then _mqttx_words '-q --qos -C --count -W --timeout --interval --sort --reverse --limit --silent --view --format --json -h --host -p --port --unix -A --bind --nodelay --connect-timeout --retry --ws --ws-path --ws-header --proxy -S --srv --cafile --capath --tls-use-os-certs --no-tls --cert --key --key-passphrase-file --keyform --ciphers --tls-version --tls-alpn --tls-keylog --servername --insecure --psk --psk-identity --retry-max --no-reconnect -L --url -i --id -I --id-prefix -c --disable-clean-session -k --keepalive -u --username -P --pw --password-file --password-env --password-command -V --protocol-version -M --max-inflight --will-topic --will-payload --will-qos --will-retain -D --property -x --session-expiry --will-delay --will-expiry --context -d --debug --quiet --trace --trace-file --show-secrets --help --version'
          else _mqttx_topics; fi
          ;;
      esac
      ;;
    bench)
      case $before in
        --help) _mqttx_words 'all' ;;
        --clients | --subscribers | --size | --topics | --zipf | -m | --message | --response-topic | --ramp | --churn | --start-on | --servers | --ifaddr | --rate | --rate-per-client | --connect-rate | --duration | --count | --warmup | --seed | --shard | --start-at | --workers | --assert | --prometheus | --find-max | -p | --port | -A | --bind | --connect-timeout | --retry | --ws-path | --ws-header | --proxy | --ciphers | --tls-alpn | --servername | --psk | --psk-identity | --retry-max | -L | --url | -i | --id | -I | --id-prefix | -k | --keepalive | -u | --username | -P | --pw | --password-env | --password-command | -M | --max-inflight | -x | --session-expiry | --user-property | --content-type | --message-expiry | --correlation-data | --payload-format) : ;;
        -t | --topic) _mqttx_topics ;;
        -q | --qos) _mqttx_words '0 1 2' ;;
        -f | --file | --csv | --hdr | --unix | --cafile | --cert | --key | --key-passphrase-file | --tls-keylog | --password-file | --trace-file) _mqttx_files ;;
        --plot) _mqttx_words 'braille ascii none' ;;
        -h | --host) _mqttx_hosts ;;
        --capath) _mqttx_directories ;;
        --keyform) _mqttx_words 'pem' ;;
        --tls-version) _mqttx_words 'tlsv1.2 tlsv1.3' ;;
        -V | --protocol-version) _mqttx_words 'mqttv31 mqttv311 mqttv5' ;;
        -D | --property) _mqttx_words 'connect publish subscribe unsubscribe disconnect will' ;;
        --context) _mqttx_contexts ;;
        *)
          if [[ $word == -* ]]; then _mqttx_words '--clients --subscribers -t --topic -q --qos -r --retain --size --topics --zipf -m --message -f --file --template --response-topic --ramp --churn --start-on --servers --ifaddr --rate --rate-per-client --connect-rate --duration --count --warmup --seed --shard --start-at --workers --json --plot --assert --csv --hdr --prometheus --find-max -h --host -p --port --unix -A --bind --nodelay --connect-timeout --retry --ws --ws-path --ws-header --proxy -S --srv --cafile --capath --tls-use-os-certs --no-tls --cert --key --key-passphrase-file --keyform --ciphers --tls-version --tls-alpn --tls-keylog --servername --insecure --psk --psk-identity --retry-max --no-reconnect -L --url -i --id -I --id-prefix -c --disable-clean-session -k --keepalive -u --username -P --pw --password-file --password-env --password-command -V --protocol-version -M --max-inflight -D --property -x --session-expiry --user-property --content-type --message-expiry --correlation-data --payload-format --context --quiet --trace --trace-file --show-secrets --help --version'
          else if _mqttx_typed 'pub sub pubsub rr conn merge report compare'; then _mqttx_files; else _mqttx_words 'pub sub pubsub rr conn merge report compare'; fi; fi
          ;;
      esac
      ;;
    check)
      case $before in
        --help) _mqttx_words 'all' ;;
        --diff | --acl | --junit | --unix | --cafile | --cert | --key | --key-passphrase-file | --tls-keylog | --password-file) _mqttx_files ;;
        -t | --topic) _mqttx_topics ;;
        -q | --qos) _mqttx_words '0 1 2' ;;
        -W | --timeout | --fresh | --warn | --crit | --only | -p | --port | -A | --bind | --connect-timeout | --retry | --ws-path | --ws-header | --proxy | --ciphers | --tls-alpn | --servername | --psk | --psk-identity | -i | --id | -I | --id-prefix | -k | --keepalive | -u | --username | -P | --pw | --password-env | --password-command | -M | --max-inflight) : ;;
        --format) _mqttx_words 'text json nagios prometheus' ;;
        -h | --host) _mqttx_hosts ;;
        --capath) _mqttx_directories ;;
        --keyform) _mqttx_words 'pem' ;;
        --tls-version) _mqttx_words 'tlsv1.2 tlsv1.3' ;;
        -V | --protocol-version) _mqttx_words 'mqttv31 mqttv311 mqttv5' ;;
        -D | --property) _mqttx_words 'connect publish subscribe unsubscribe disconnect will' ;;
        --context) _mqttx_contexts ;;
        *)
          if [[ $word == -* ]]; then _mqttx_words '--capabilities --diff --acl -t --topic -q --qos --no-round-trip -W --timeout --fresh --warn --crit --format --json --conformance --list --only --junit -h --host -p --port --unix -A --bind --nodelay --connect-timeout --retry --ws --ws-path --ws-header --proxy -S --srv --cafile --capath --tls-use-os-certs --no-tls --cert --key --key-passphrase-file --keyform --ciphers --tls-version --tls-alpn --tls-keylog --servername --insecure --psk --psk-identity -i --id -I --id-prefix -k --keepalive -u --username -P --pw --password-file --password-env --password-command -V --protocol-version -M --max-inflight -D --property --context --quiet --help --version'
          else :; fi
          ;;
      esac
      ;;
    context)
      case $before in
        --help) _mqttx_words 'all' ;;
        -L | --url | -p | --port | -A | --bind | --connect-timeout | --retry | --ws-path | --ws-header | --proxy | --ciphers | --tls-alpn | --servername | --psk | --psk-identity | --retry-max | -i | --id | -I | --id-prefix | -k | --keepalive | -u | --username | --password-env | --password-command | -M | --max-inflight | -P | --pw | --will-topic | --will-payload | -x | --session-expiry | --will-delay | --will-expiry) : ;;
        -h | --host) _mqttx_hosts ;;
        --unix | --cafile | --cert | --key | --key-passphrase-file | --tls-keylog | --password-file) _mqttx_files ;;
        --capath) _mqttx_directories ;;
        --keyform) _mqttx_words 'pem' ;;
        --tls-version) _mqttx_words 'tlsv1.2 tlsv1.3' ;;
        -V | --protocol-version) _mqttx_words 'mqttv31 mqttv311 mqttv5' ;;
        --will-qos) _mqttx_words '0 1 2' ;;
        -D | --property) _mqttx_words 'connect publish subscribe unsubscribe disconnect will' ;;
        *)
          if [[ $word == -* ]]; then _mqttx_words '--replace -L --url -h --host -p --port --unix -A --bind --nodelay --connect-timeout --retry --ws --ws-path --ws-header --proxy -S --srv --cafile --capath --tls-use-os-certs --no-tls --cert --key --key-passphrase-file --keyform --ciphers --tls-version --tls-alpn --tls-keylog --servername --insecure --psk --psk-identity --retry-max --no-reconnect -i --id -I --id-prefix -c --disable-clean-session -k --keepalive -u --username --password-file --password-env --password-command -V --protocol-version -M --max-inflight -P --pw --will-topic --will-payload --will-qos --will-retain -D --property -x --session-expiry --will-delay --will-expiry --complete-topics --help --version'
          else if _mqttx_typed 'add ls show use rm'; then _mqttx_contexts; else _mqttx_words 'add ls show use rm'; fi; fi
          ;;
      esac
      ;;
    completion)
      case $before in
        --help) _mqttx_words 'all' ;;
        *)
          if [[ $word == -* ]]; then _mqttx_words '--help --version'
          else if _mqttx_typed 'bash zsh fish'; then :; else _mqttx_words 'bash zsh fish'; fi; fi
          ;;
      esac
      ;;
  esac
}

# bash also splits words at : and =. Sets line to the words as the program gets them, up to the cursor.
_mqttx_rejoin() {
  local rest=${COMP_LINE:0:COMP_POINT} part apart index
  line=()
  for ((index = 0; index <= COMP_CWORD; index++)); do
    part=${COMP_WORDS[index]} apart=${rest%%[![:space:]]*}
    rest=${rest#"$apart"}
    if ((index == COMP_CWORD)); then part=$rest; else rest=${rest#"$part"}; fi
    if [[ $index == 0 || -n $apart ]]; then line+=("$part"); else line[${#line[@]} - 1]+=$part; fi
  done
}

# Offers the lines that begin like the word and need no quotes. bash replaces the piece of the word after its last
# split; with an open quote, that is what follows the quote.
_mqttx_offer() {
  local text start=${word#[\'\"]}
  local cut=${start%"$piece"}
  while IFS= read -r text; do
    [[ $text == "$start"* && $text != *[^a-zA-Z0-9_%./:@=+,-]* ]] && COMPREPLY+=("${text#"$cut"}")
  done <<<"$1"
}

_mqttx_words() {
  _mqttx_offer "${1// /$'\n'}"
}

# bash completes files itself and quotes them; before bash 4 only plain names work.
_mqttx_files() {
  compopt -o default 2>/dev/null || _mqttx_offer "$(compgen -A file -- "$word")"
}

_mqttx_directories() {
  compopt -o dirnames 2>/dev/null || _mqttx_offer "$(compgen -A directory -- "$word")"
}

_mqttx_hosts() {
  _mqttx_offer "$(compgen -A hostname -- "${word#[\'\"]}")"
}

_mqttx_contexts() {
  _mqttx_offer "$("${line[0]}" completion contexts 2>/dev/null)"
}

# Topics come from a server: mqttx escapes them for the open quote. It gets the words as typed, the last one in two
# halves, of which bash replaces the second.
_mqttx_topics() {
  local text count=$((${#line[@]} - 1))
  while IFS= read -r text; do
    [[ -n $text ]] && COMPREPLY+=("$text")
  done <<<"$("${line[0]}" completion topics bash -- "${line[@]:1:count - 1}" "${word%"$piece"}" "$piece" 2>/dev/null)"
}

# Whether one of these words was typed before the cursor.
_mqttx_typed() {
  local typed
  for typed in "${line[@]:2:${#line[@]} - 3}"; do
    [[ " $1 " == *" $typed "* ]] && return 0
  done
  return 1
}

complete -F _mqttx mqttx
