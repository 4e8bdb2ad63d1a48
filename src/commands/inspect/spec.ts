// mqttx inspect: options and help.
import { spec } from '../../cli/option.js'
import { helpOptions, quietOption } from '../../cli/options/general.js'
import { inspectOptions } from '../../cli/options/inspect.js'
import { UsageError } from '../../errors.js'

export const inspect = spec({
  name: 'inspect',
  summary: 'Explain captured MQTT byte by byte and check for violations.',
  synopsis: ['[OPTION]... [FILE]...', "--hex '10 0c ...' [OPTION]..."],
  description: [
    `Reads captures and shows the MQTT in them: every byte with its name and meaning, one line per packet, JSON, or a
    diagram of the exchanges. Without FILE, or if it is \`-\`, reads standard input, also live:
    \`tcpdump -w - | mqttx inspect\`.`,
    `The format of a FILE is detected: pcap, pcapng, snoop and ERF, also compressed with gzip (with zstd on Node 22.15 and
    later); the bytes of one direction of a connection; or text that contains bytes. Several files are read as one capture. Tunnels (VXLAN, Geneve, GRE, ERSPAN, MPLS, GTP-U, Teredo) are decoded.`,
    `Text may be the output of xxd, hexdump, od, Format-Hex, tcpdump -X, tshark -x, strace, socat -x and
    \`openssl s_client -debug\`, "Follow TCP Stream" of Wireshark, logs with bytes in hexadecimal as written by Netty, ESP-IDF and
    Zephyr, of one or both directions, lists and strings of C, Go, Java, JavaScript, Python and Rust, or base64; in UTF-8 or UTF-16.`,
    `Every packet is checked against the rules of its version of MQTT; a violation is reported with the statement of the
    standard and the byte offset. If bytes are missing from the capture, checks that depend on them are skipped.`,
    'Times are UTC. Passwords are hidden without {showSecrets}.',
  ],
  examples: [
    ['Show a capture byte by byte', 'mqttx inspect trace.pcapng'],
    ['Decode a packet from a log', "mqttx inspect --hex '32 0a 00 03 61 2f 62 00 07 68 69 21'"],
    ['Live capture, one line per packet', 'tcpdump -i any -U -w - tcp port 1883 | mqttx inspect --view line'],
  ],
  options: { ...inspectOptions, ...quietOption, ...helpOptions },
  common: [
    ...(['view', 'type', 'client', 'topic', 'only', 'from', 'to', 'count', 'hex'] as const),
    ...(['port', 'keylog', 'showSecrets', 'noPager', 'write'] as const),
  ],
  exclusive: [],
  operand: 'read',
  check({ from, to }) {
    if (from === undefined || to === undefined || from <= to) return
    throw new UsageError('inspect: --from is later than --to', { hint: 'no packet can match' })
  },
})
