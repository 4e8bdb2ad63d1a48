// The first line of what mosquitto's clients and ours say to options that are refused, and the status, side by side.
import { describe, expect } from 'vitest'
import { run } from '../commands/fake-host.js'
import { peerTest } from '../helpers/peers.js'
import { start } from '../helpers/run.js'

const tools = [
  ['pub', 'mosquitto_pub', '-t t -n'],
  ['sub', 'mosquitto_sub', '-t t'],
  ['rr', 'mosquitto_rr', '-t t -n -e r'],
] as const

/** `READY`: what else the command needs. All are of mosquitto 2.0 as well as 2.1, and none gets as far as connecting. */
const refused = [
  '--cert',
  '--cert f',
  '--key f --keyform zz',
  '--keyform',
  '--keyform file',
  '--tls-engine-kpass-sha1 h',
  '--tls-engine-kpass-sha1 h --tls-engine e',
  '--psk',
  '--psk key',
  '--psk key --cafile f',
  '--capath d --psk key --tls-version x',
  'READY --psk key --psk-identity i --tls-version x',
  'READY --tls-version x',
  'READY --keyform zz --cert c --key k',
  'READY --tls-engine none --keyform zz --cert c --key k',
  'READY --cafile /missing',
  'READY --psk key --psk-identity i -P pw -V 311',
  'READY -c',
  'READY -c -V 5',
  'READY -x -1 -V 5',
  '-x',
  '-x -2',
  '-x -2 -q 5',
  '-q 5 -x -2',
  '-x 4294967296',
  '-x 99999999999999999999',
  '-x 1x',
  '-x 08',
  "-x ''",
  '-i a -I b',
  '-V 4 --psk key',
  'READY -D subscribe topic-alias 1',
  '-k -1',
  '-k 65536',
  '-M 0',
  '-p -1',
  '-p 65536',
  '-q -1',
  '-q 3',
  '-L mqtt://localhost',
  '-L mqtts://localhost',
  '-V 0',
  '--proxy',
  '--will-qos -1',
  '--will-topic +',
  '--will-payload p',
  '-D connect receive-maximum',
  '-D connect user-property key',
  '-D connect will-delay-interval 1',
  '-D connect receive-maximum 65536',
  '-D connect session-expiry-interval -1',
  '-D connect request-problem-information 256',
  '-D publish subscription-identifier 1',
  '-D subscribe topic-alias 1',
  '-D auth authentication-method 1',
  '-D puback reason-string 1',
  'READY --will-payload p -c',
  'READY --will-retain --cert f',
]

/** Options that only the others of the three have, and values of those of one's own. */
const own = {
  pub: [
    '-C 1',
    '-e r',
    '-E',
    '-F %p',
    '-N',
    '--pretty',
    '-R',
    '--random-filter',
    '--retained-only',
    '-T',
    '-U',
  ],
  sub: [
    '-C 0',
    '-W 0',
    '-t ++',
    '-T ++',
    '-U ++',
    '-F %',
    '-F %.1',
    '-F %Z',
    '-F @',
    '-F \\',
    '-l',
    '-m',
    '-n',
    '-r',
    '-s',
    '--repeat',
    '--repeat-delay',
    '-e',
  ],
  rr: ['-e topic/+', '-W 0', '-F %0', '-F %Z', '-m m -f f', '-r', '--repeat', '--repeat-delay', '-T', '-U'],
} as const

describe.each(tools)('%s says what %s says (E73, E75)', (tool, peer, ready) => {
  for (const line of [...refused, ...own[tool], '--unheard-of', '-q 5 --unheard-of', '--unheard-of -q 5']) {
    peerTest(line, [peer], async () => {
      const words = line
        .replace('READY', ready)
        .split(' ')
        .map((word) => (word === "''" ? '' : word))
      const [theirs, ours] = await Promise.all([start(peer, words).ended, run([tool, ...words], { at: [] })])
      expect(firstLine(ours)).toEqual(firstLine(theirs))
    })
  }
})

function firstLine({ stderr, status }: { stderr: string; status: number | null }): object {
  return { status, line: stderr.trimStart().split('\n')[0] }
}
