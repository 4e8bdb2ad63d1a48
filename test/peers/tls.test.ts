// TLS with mosquitto: every way to trust, every reason not to, in the words that a user sees.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { amount } from '../helpers/amount.js'
import { type Certificates, makeCertificates, type Pair, passphrase } from '../helpers/certificates.js'
import { subscriber } from '../helpers/clients.js'
import { type Broker, findPeer, freePort, peerTest, startMosquitto } from '../helpers/peers.js'
import { isBun, mqttx, scratch, start, startMqttx } from '../helpers/run.js'

const listeners = [
  'good',
  'otherName',
  'expired',
  'early',
  'selfSigned',
  'wantsClient',
  'only12',
  'weak',
] as const
type Listener = (typeof listeners)[number]

let certificates: Certificates
let broker: Broker
let ports: Record<Listener, number>
const available = ['mosquitto', 'openssl'].every((name) => findPeer(name as 'mosquitto') !== undefined)

beforeAll(async () => {
  if (!available) return
  certificates = makeCertificates()
  const { ca, server, otherName, expired, early, selfSigned } = certificates
  const free: number[] = []
  for (const _ of listeners) free.push(await freePort())
  ports = Object.fromEntries(listeners.map((name, index) => [name, free[index]])) as typeof ports
  const secured = (name: Listener, pair: Pair, ...more: string[]) => [
    `listener ${ports[name]} 127.0.0.1`,
    `certfile ${pair.cert}`,
    `keyfile ${pair.key}`,
    ...more,
  ]
  broker = await startMosquitto([
    'allow_anonymous true',
    'max_queued_messages 0',
    ...secured('good', server),
    ...secured('otherName', otherName),
    ...secured('expired', expired),
    ...secured('early', early),
    ...secured('selfSigned', selfSigned),
    ...secured('wantsClient', server, `cafile ${ca.cert}`, 'require_certificate true'),
  ])
}, 60_000)

const at = (name: Listener) => ['-h', 'localhost', '-p', String(ports[name])]
const trusting = () => ['--cafile', certificates.ca.cert]
const message = ['-t', 't', '-m', 'hello']

function secureTest(name: string, body: () => Promise<void>): void {
  peerTest(name, ['mosquitto', 'openssl'], body, 30_000)
}

async function published(name: Listener, ...options: string[]) {
  return mqttx(['pub', ...at(name), ...message, ...options])
}

describe('a connection is made', () => {
  const ways: [string, () => string[], (() => Record<string, string>)?][] = [
    ['--cafile', trusting],
    ['--capath', () => ['--capath', certificates.capath]],
    ['--cafile among others', () => [...trusting(), '--tls-use-os-certs']],
    [
      "the operating system's store",
      () => ['--tls-use-os-certs'],
      () => ({ SSL_CERT_FILE: certificates.ca.cert }),
    ],
    [
      'a directory of it',
      () => ['--tls-use-os-certs'],
      () => ({ SSL_CERT_FILE: '', SSL_CERT_DIR: certificates.capath }),
    ],
    ['a version', () => [...trusting(), '--tls-version', 'tlsv1.3']],
    ['ciphers of TLS 1.2', () => [...trusting(), '--ciphers', 'ECDHE-ECDSA-AES128-GCM-SHA256']],
    ['ciphers of TLS 1.3', () => [...trusting(), '--ciphers', 'TLS_AES_128_GCM_SHA256']],
    ['a protocol', () => [...trusting(), '--tls-alpn', 'mqtt']],
  ]
  for (const [name, options, env] of ways) {
    secureTest(`with ${name}`, async () => {
      const theirs = await subscriber('mosquitto', broker, ['-t', 't', '-C', '1'])
      const ours = await mqttx(['pub', ...at('good'), ...message, ...options()], env && { env: env() })
      expect(ours).toMatchObject({ status: 0, stderr: '' })
      expect((await theirs.ended).stdout.toString()).toContain('hello')
    })
  }

  secureTest('by mqtts://, and a message comes back', async () => {
    const url = `mqtts://localhost:${ports.good}/t`
    const env = { SSL_CERT_FILE: certificates.ca.cert }
    const sub = startMqttx(['sub', '-L', url, '-C', '1', '-d'], { env })
    await sub.until((_, stderr) => stderr.includes('SUBACK'))
    expect(await mqttx(['pub', '-L', url, '-m', 'hello'], { env })).toMatchObject({ status: 0, stderr: '' })
    expect((await sub.ended).stdout.toString()).toBe('hello\n')
  })

  const count = amount({ inCi: 50_000, here: 5000 })
  secureTest(`with ${count} lines that are all acknowledged, both ways`, async () => {
    const sub = startMqttx([
      'sub',
      ...at('good'),
      ...trusting(),
      '-t',
      'many',
      '-q',
      '1',
      '-C',
      String(count),
      '-d',
    ])
    await sub.until((_, stderr) => stderr.includes('SUBACK'))
    const stdin = Array.from({ length: count }, (_, index) => `${index}\n`).join('')
    const pub = await mqttx(['pub', ...at('good'), ...trusting(), '-t', 'many', '-q', '1', '-l'], { stdin })
    expect(pub).toMatchObject({ status: 0, stderr: '' })
    expect((await sub.ended).stdout.toString()).toBe(stdin)
  })

  secureTest('--no-tls undoes it', async () => {
    const outcome = await mqttx([
      'pub',
      '-h',
      'localhost',
      '-p',
      String(broker.port),
      ...message,
      ...trusting(),
      '--no-tls',
    ])
    expect(outcome).toMatchObject({ status: 0, stderr: '' })
  })

  secureTest(`--tls-keylog appends the secrets${isBun ? '; Bun has none, and says so' : ''}`, async () => {
    const file = join(scratch('keylog'), 'keys')
    if (isBun) {
      const refused = await published('good', ...trusting(), '--tls-keylog', file)
      expect(refused).toMatchObject({ status: 1, stderr: expect.stringContaining('Bun') })
      return
    }
    for (const _ of [1, 2]) {
      expect(await published('good', ...trusting(), '--tls-keylog', file)).toMatchObject({ status: 0 })
    }
    expect(readFileSync(file, 'utf8').match(/^CLIENT_TRAFFIC_SECRET_0 [\da-f]{64} [\da-f]+$/gm)).toHaveLength(
      2,
    )
  })
})

describe('a client certificate', () => {
  const pair = ({ cert, key }: Pair) => ['--cert', cert, '--key', key]
  const secret = (text: string) => {
    const file = join(scratch('secret'), 'passphrase')
    writeFileSync(file, text)
    return ['--key-passphrase-file', file]
  }

  secureTest('is shown', async () => {
    const outcome = await published('wantsClient', ...trusting(), ...pair(certificates.client))
    expect(outcome).toMatchObject({ status: 0, stderr: '' })
  })

  secureTest('is shown where the CA is the operating system’s', async () => {
    const options = ['--tls-use-os-certs', ...pair(certificates.client)]
    const env = { SSL_CERT_FILE: certificates.ca.cert }
    const outcome = await mqttx(['pub', ...at('wantsClient'), ...message, ...options], { env })
    expect(outcome).toMatchObject({ status: 0, stderr: '' })
  })

  secureTest('has an encrypted key', async () => {
    const options = [...trusting(), ...pair(certificates.encrypted)]
    const right = await published('wantsClient', ...options, ...secret(`${passphrase}\n`))
    expect(right).toMatchObject({ status: 0, stderr: '' })
    const wrong = await published('wantsClient', ...options, ...secret('nonsense'))
    expect(wrong.status).toBe(1)
    expect(wrong.stderr).toContain(
      `Unable to connect (A TLS error occurred). Wrong passphrase for ${certificates.encrypted.key}.\n`,
    )
    const missing = await start('setsid', [
      '-w',
      'mqttx',
      'pub',
      ...at('wantsClient'),
      ...message,
      ...options,
    ]).ended
    expect(missing.status).toBe(1)
    expect(missing.stderr).toContain('there is no terminal to prompt for its passphrase')
  })

  secureTest('is missing', async () => {
    const outcome = await published('wantsClient', ...trusting())
    expect(outcome.status).toSatisfy((status) => status === 1 || status === 7) // the alert may be lost in a reset
    expect(outcome.stderr).toMatch(/requires? a client certificate/)
    expect(outcome.stderr).toContain('--cert')
  })

  secureTest('is not accepted', async () => {
    const outcome = await published('wantsClient', ...trusting(), ...pair(certificates.stranger))
    expect(outcome.status).toSatisfy((status) => status === 1 || status === 7)
    expect(outcome.stderr).toMatch(
      /rejected the client certificate: it does not know its CA|reset the connection/,
    )
  })

  secureTest('does not belong to its key', async () => {
    const { client, server } = certificates
    const outcome = await published('wantsClient', ...trusting(), '--cert', client.cert, '--key', server.key)
    expect(outcome).toMatchObject({
      status: 1,
      stderr: `Unable to connect (A TLS error occurred). The key ${server.key} does not belong to the certificate ${client.cert}.\n`,
    })
  })

  secureTest('is a file that has none', async () => {
    const { cert, key } = certificates.client
    for (const [options, text] of [
      [['--cert', key, '--key', key], `${key} does not contain a certificate in PEM format`],
      [['--cert', cert, '--key', cert], `${cert} does not contain a private key in PEM format`],
      [
        ['--cert', '/none', '--key', key],
        'Error: Problem setting TLS options: File not found.\nhint: --cert /none: No such',
      ],
    ] as const) {
      const outcome = await published('wantsClient', ...trusting(), ...options)
      expect(outcome.status).toBe(1)
      expect(outcome.stderr).toContain(text)
    }
  })
})

describe('a server is not trusted', () => {
  const cases: [Listener, string, string][] = [
    [
      'otherName',
      "The server's certificate is for a.example, *.b.example, not for localhost.",
      'bad certificate',
    ],
    ['expired', "The server's certificate expired on 2021-03-04.", 'certificate expired'],
    ['early', "The server's certificate is not valid before 2098-02-03.", 'bad certificate'],
    ['selfSigned', "The server's certificate (localhost) is self-signed and not trusted.", 'unknown ca'],
  ]
  for (const [listener, cause, alert] of cases) {
    secureTest(`${listener}, and is told why`, async () => {
      const outcome = await published(listener, ...trusting())
      expect(outcome.status).toBe(1)
      expect(outcome.stderr).toContain(`Unable to connect (A TLS error occurred). ${cause}\n`)
      await expect.poll(() => broker.log(), { timeout: 5000 }).toMatch(new RegExp(`alert ${alert}`))
    })
  }

  secureTest('with a CA that is unknown', async () => {
    const outcome = await published('good', '--cafile', certificates.selfSigned.cert)
    expect(outcome.status).toBe(1)
    expect(outcome.stderr).toContain(
      `The CA of the server's certificate (Test CA) is not in --cafile ${certificates.selfSigned.cert}.\nhint: `,
    )
  })

  secureTest('by default: nobody has to ask for the check', async () => {
    const outcome = await mqttx(['pub', '-L', `mqtts://localhost:${ports.good}/t`, '-m', 'x'])
    expect(outcome.status).toBe(1)
    expect(outcome.stderr).toContain("The CA of the server's certificate (Test CA) is not in ")
  })

  secureTest('by --insecure, but for the name', async () => {
    const hard = ['--tls-version', 'tlsv1.2', '--ciphers', 'HIGH']
    expect(await published('otherName', ...trusting(), '--insecure')).toMatchObject({ status: 0, stderr: '' })
    expect(await published('otherName', ...trusting(), '--insecure', ...hard)).toMatchObject({ status: 0 })
    for (const more of [[], hard]) {
      expect((await published('expired', ...trusting(), '--insecure', ...more)).status).toBe(1)
      expect((await published('selfSigned', ...trusting(), '--insecure', ...more)).status).toBe(1)
      expect((await published('good', '--tls-use-os-certs', '--insecure', ...more)).status).toBe(1)
    }
  })

  secureTest('by sub, which does not try again', async () => {
    const outcome = await mqttx(['sub', ...at('otherName'), ...trusting(), '-t', '#', '--retry', '5'])
    expect(outcome.status).toBe(1)
    expect(outcome.stderr).toContain('not for localhost')
  })
})

describe('the handshake fails', () => {
  secureTest('with a server that speaks plain MQTT', async () => {
    const outcome = await mqttx([
      'pub',
      '-h',
      'localhost',
      '-p',
      String(broker.port),
      ...message,
      ...trusting(),
    ])
    expect(outcome.status).toBe(1)
    expect(outcome.stderr).toMatch(
      /closed the connection during the handshake\.\nhint: is it a port for TLS\?/,
    )
  })

  secureTest('without TLS on a port for TLS', async () => {
    const outcome = await published('good')
    expect(outcome.status).toBe(7)
    expect(outcome.stderr).toMatch(/The connection was lost\nhint: .*is it a port for TLS \(mqtts:\/\/ in -L/)
  })
})

describe('the settings are no good', () => {
  const file = (text: string) => {
    const path = join(scratch('settings'), 'file')
    writeFileSync(path, text)
    return path
  }
  const cases: [string, () => string[], string][] = [
    [
      'a CA file that is missing',
      () => ['--cafile', '/none'],
      'File not found.\nhint: --cafile /none: No such file',
    ],
    [
      'a CA file that is a directory',
      () => ['--cafile', '/tmp'],
      'File not found.\nhint: --cafile /tmp: Is a directory',
    ],
    [
      'a CA file without a certificate',
      () => ['--cafile', file('nothing')],
      'does not contain a certificate in PEM format',
    ],
    [
      'a CA file that is broken',
      () => ['--cafile', file('-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n')],
      'contains an invalid certificate',
    ],
    ['a CA directory that is missing', () => ['--capath', '/none'], 'File not found.\nhint: --capath /none'],
    [
      'a CA directory without hashes',
      () => ['--capath', scratch('empty')],
      'does not contain a CA certificate under the hash of its subject',
    ],
    [
      'ciphers that nobody knows',
      () => [...trusting(), '--ciphers', 'NONESUCH'],
      `${isBun ? 'BoringSSL' : 'OpenSSL'} does not know any cipher of --ciphers NONESUCH`,
    ],
    [
      'a key log that cannot be written',
      () => [...trusting(), '--tls-keylog', '/none/keys'],
      isBun ? '--tls-keylog does not work' : "--tls-keylog: cannot write '/none/keys': No such file",
    ],
  ]
  for (const [name, options, text] of cases) {
    secureTest(name, async () => {
      const outcome = await published('good', ...options())
      expect(outcome.status).toBe(1)
      expect(outcome.stderr).toContain(text)
    })
  }
})

test('details of TLS without TLS are worth a warning', async () => {
  const outcome = await mqttx(['pub', '-h', '127.0.0.1', '-p', '1', ...message, '--insecure'])
  expect(outcome.stderr).toMatch(/^Warning: this connection is not encrypted/)
})
