// mqttx inspect: its words. What it does is in run.ts.
import { spec } from '../../cli/option.js'
import { helpOptions, quietOption } from '../../cli/options/general.js'
import { inspectOptions } from '../../cli/options/inspect.js'
import { UsageError } from '../../errors.js'

export const inspect = spec({
  name: 'inspect',
  summary: 'Explain captured MQTT byte by byte, and check its rules.',
  synopsis: ['[OPTION]... [FILE]...', "--hex '10 0c ...' [OPTION]..."],
  description: [
    `Reads captures and shows the MQTT in them: every byte with its name and meaning, or a line a packet, or JSON, or
    what the exchanges looked like. Without FILE, or with \`-\` for it, standard input is read, also live:
    \`tcpdump -w - | mqttx inspect\`.`,
    `A FILE is recognised by its content: pcap, pcapng, snoop and ERF, also compressed by gzip (by zstd with Node 22.15 and
    later); the bytes of one direction of a connection; text that holds bytes. Several are one capture. Tunnels (VXLAN, Geneve, GRE, ERSPAN, MPLS, GTP-U, Teredo) are followed.`,
    `Text may be what xxd, hexdump, od, Format-Hex, tcpdump -X, tshark -x, strace, socat -x and \`openssl s_client -debug\`
    print, "Follow TCP Stream" of Wireshark, logs with bytes in hexadecimal as Netty, ESP-IDF and Zephyr write them, also of both
    directions, lists and strings of C, Go, Java, JavaScript, Python and Rust, or base64; in UTF-8 or UTF-16.`,
    `Every packet is checked against the rules of its version of MQTT; a rule that is broken is told with the statement
    of the standard and the byte where it shows. Where bytes are missing from the capture a check is silent.`,
    'Times are UTC. Passwords are not shown unless {showSecrets} says so.',
  ],
  examples: [
    ['What is in a capture, byte by byte', 'mqttx inspect trace.pcapng'],
    ['A packet from a log', "mqttx inspect --hex '32 0a 00 03 61 2f 62 00 07 68 69 21'"],
    ['Live, a line a packet', 'tcpdump -i any -U -w - tcp port 1883 | mqttx inspect --view line'],
  ],
  options: { ...inspectOptions, ...quietOption, ...helpOptions },
  exclusive: [],
  operand: 'read',
  check({ from, to }) {
    if (from === undefined || to === undefined || from <= to) return
    throw new UsageError('inspect: --from is later than --to', { hint: 'no packet can pass' })
  },
})
