// What is found out about mosquitto is what its configuration says, with default and with restricted settings.
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { discover, missingFeatures } from '../../src/check/capabilities/discover.js'
import type { Target } from '../../src/check/lab.js'
import { matrixColumn, printed } from '../check/matrix.js'
import { peerTest, startMosquitto } from '../helpers/peers.js'
import { scratch } from '../helpers/run.js'

function targetAt(port: number, more: Partial<Target> = {}): Target {
  return {
    dial: () =>
      new Promise((done, fail) => {
        const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => done(socket))
        socket.once('error', fail)
      }),
    ...{ username: undefined, password: undefined, patienceMs: 2000 },
    ...more,
  }
}

const optionsFor = (target: Target) => ({
  ...{ target, jobs: 8, progress: () => {} },
  signal: new AbortController().signal,
})

async function valuesOf(target: Target): Promise<Record<string, unknown>> {
  const { capabilities, leftovers } = await discover(optionsFor(target))
  expect(leftovers).toEqual([])
  return Object.fromEntries(capabilities.map(({ key, value }) => [key, value]))
}

const usual = {
  ...{ 'mqtt-3.1': true, 'mqtt-3.1.1': true, 'mqtt-5': true },
  ...{ anonymous: true, 'empty-client-identifier': true, takeover: true, 'keep-alive-maximum': 65_535 },
  ...{ 'sys-topics': true, 'publish-and-receive': true, 'maximum-qos': 2, ordered: true },
  ...{ 'retained-messages': true, will: true, 'will-delay': true, 'message-expiry': true },
  ...{ wildcards: true, 'shared-subscriptions': true, 'shared-balance': 'even' },
  ...{ 'no-local': true, 'retain-as-published': true, 'retain-handling': true },
  ...{ 'subscription-identifiers': true, 'persistent-sessions': true, 'queued-qos-0': false },
  ...{ 'session-expiry': true, 'session-expiry-maximum': 'unlimited' },
  ...{ 'topic-alias-maximum': 10, 'topic-alias-to-clients': false },
  ...{ 'maximum-packet-size': 1024 * 1024, 'longest-topic': 65_535, 'most-topic-levels': 201 },
  ...{ 'longest-client-identifier': 65_535, 'receive-maximum': 20, 'obeys-receive-maximum': true },
}

const noRetain = { 'retained-messages': false, 'retain-as-published': false, 'retain-handling': false }
/** Needs messages that are kept for absent clients, or retained statistics. */
const notFoundOut = undefined

const restricted: [what: string, settings: string[], differing: Record<string, unknown>][] = [
  [
    'with all kinds of limits',
    [
      ...['max_qos 1', 'retain_available false', 'max_packet_size 1000', 'max_topic_alias 0'],
      ...['max_inflight_messages 7', 'max_keepalive 600', 'allow_zero_length_clientid false'],
      'queue_qos0_messages true',
    ],
    {
      ...{ 'maximum-qos': 1, ...noRetain, 'sys-topics': notFoundOut, 'maximum-packet-size': 1000 },
      ...{ 'longest-topic': expect.any(Number), 'longest-client-identifier': expect.any(Number) },
      ...{ 'topic-alias-maximum': 0, 'receive-maximum': 7, 'keep-alive-maximum': 600 },
      ...{ 'empty-client-identifier': false, 'queued-qos-0': true },
    },
  ],
  [
    'with max_qos 0',
    ['max_qos 0'],
    { 'maximum-qos': 0, 'message-expiry': notFoundOut, 'obeys-receive-maximum': notFoundOut },
  ],
]

describe.concurrent('mosquitto', () => {
  peerTest('by default', ['mosquitto'], async () => {
    const { port } = await startMosquitto()
    expect(await valuesOf(targetAt(port))).toEqual(usual)
    expect(matrixColumn('mosquitto')).toEqual(printed(usual))
  })

  for (const [what, settings, differing] of restricted)
    peerTest(what, ['mosquitto'], async () => {
      const { port } = await startMosquitto(['allow_anonymous true', ...settings])
      expect(await valuesOf(targetAt(port))).toEqual({ ...usual, ...differing })
    })

  peerTest('what it lacks for the statements', ['mosquitto'], async () => {
    const { port } = await startMosquitto(['allow_anonymous true', ...restricted[0]![1]])
    const missing = await Promise.all(
      ([4, 5] as const).map((version) => missingFeatures(version, optionsFor(targetAt(port)))),
    )
    expect(missing.map((features) => [...features.keys()].sort())).toEqual([
      ['empty client identifier', 'qos 2', 'retain'],
      ['empty client identifier', 'qos 2', 'retain', 'topic alias'],
    ])
  })

  peerTest('with an access control list', ['mosquitto'], async () => {
    const file = join(scratch('acl'), 'acl')
    writeFileSync(file, 'topic readwrite mine/#\ntopic read mqttx-check/#\n')
    const { port } = await startMosquitto(['allow_anonymous true', `acl_file ${file}`])
    const refused = await discover(optionsFor(targetAt(port)))
    const delivery = refused.capabilities.find(({ key }) => key === 'publish-and-receive')
    expect(delivery).toMatchObject({ value: false, detail: 'PUBACK 0x87 Not authorized' })
    // Messages of $SYS are not delivered to who may not read them.
    expect(await valuesOf(targetAt(port, { root: 'mine' }))).toEqual({ ...usual, 'sys-topics': undefined })
  })
})
