// What is found out about the embedded broker: with other settings, broken, and when it is not finished.
import { describe, expect, it } from 'vitest'
import type { BrokerOptions, Settings } from '../../src/broker/broker.js'
import {
  type Capability,
  type DiscoverOptions,
  discover,
  missingFeatures,
} from '../../src/check/capabilities/discover.js'
import { probes } from '../../src/check/capabilities/probes/index.js'
import { Lab, type Target } from '../../src/check/lab.js'
import { ConnectRefused, ExitCode } from '../../src/errors.js'
import { matrixColumn, printed } from './matrix.js'
import { type Breaking, startEmbedded } from './rig.js'

const options = (target: Target, more: Partial<DiscoverOptions> = {}): DiscoverOptions => ({
  ...{ target, jobs: 8, signal: new AbortController().signal, progress: () => {} },
  ...more,
})

const valuesOf = (capabilities: readonly Capability[]) =>
  Object.fromEntries(capabilities.map(({ key, value }) => [key, value]))

const usual = {
  'mqtt-3.1': true,
  'mqtt-3.1.1': true,
  'mqtt-5': true,
  anonymous: true,
  'empty-client-identifier': true,
  takeover: true,
  'keep-alive-maximum': 65_535,
  'sys-topics': true,
  'publish-and-receive': true,
  'maximum-qos': 2,
  ordered: true,
  'retained-messages': true,
  will: true,
  'will-delay': true,
  'message-expiry': true,
  wildcards: true,
  'shared-subscriptions': true,
  'shared-balance': 'even',
  'no-local': true,
  'retain-as-published': true,
  'retain-handling': true,
  'subscription-identifiers': true,
  'persistent-sessions': true,
  'queued-qos-0': false,
  'session-expiry': true,
  'session-expiry-maximum': 'unlimited',
  'topic-alias-maximum': 10,
  'topic-alias-to-clients': true,
  'maximum-packet-size': 1024 * 1024,
  'longest-topic': 65_535,
  'most-topic-levels': 201,
  'longest-client-identifier': 65_535,
  'receive-maximum': 65_535,
  'obeys-receive-maximum': true,
}

async function onBroker<T>(
  settings: Partial<BrokerOptions>,
  work: (target: Target) => Promise<T>,
  breaking?: Breaking,
): Promise<T> {
  const { target, close } = await startEmbedded(settings, breaking)
  // What is there comes at once; a busy machine may take its time.
  return work({ ...target, patienceMs: 2000 }).finally(close)
}

const discovered = (settings: Partial<BrokerOptions>, more: Partial<Target> = {}) =>
  onBroker(settings, async (target) => {
    const { capabilities, leftovers } = await discover(options({ ...target, ...more }))
    expect(leftovers).toEqual([])
    return valuesOf(capabilities)
  })

const restricted: Partial<Settings> = {
  ...{ maxQos: 1 as const, retain: false, maxPacketSize: 1000, receiveMaximum: 7 },
  ...{ maxKeepAlive: 600, topicAliasMaximum: 0 },
}

/** Only topics below `allowed` may be used. */
const authorize: BrokerOptions['authorize'] = (_client, _action, topic) => topic.startsWith('allowed/')

describe.concurrent('the embedded broker', () => {
  it('can all this', async () => {
    expect(await discovered({})).toEqual(usual)
    expect(matrixColumn('mqttx broker')).toEqual(printed(usual)) // to write it: node .ci/capabilities.mjs
  })

  it.each([3, 4] as const)('can what MQTT %i has, in that version', async (version) => {
    const { capabilities } = await onBroker({}, (target) => discover(options(target, { version })))
    const later = probes.filter(({ since }) => since > version).map(({ key }) => key)
    const earlier = Object.entries(usual).filter(([key]) => !later.includes(key))
    expect(valuesOf(capabilities)).toEqual({
      ...Object.fromEntries(earlier),
      ...Object.fromEntries(later.map((key) => [key, false])),
    })
    const noLocal = capabilities.find(({ key }) => key === 'no-local')
    expect(noLocal).toMatchObject({ detail: 'MQTT 5 only', isDeclared: true })
  })

  it('with other settings differs in just these', async () => {
    const own = { 'longest-topic': expect.any(Number), 'longest-client-identifier': expect.any(Number) }
    expect(await discovered({ settings: restricted })).toEqual({
      ...{ ...usual, ...own },
      ...{ 'keep-alive-maximum': 600, 'maximum-qos': 1, 'maximum-packet-size': 1000 },
      ...{ 'retained-messages': false, 'retain-as-published': false, 'retain-handling': false },
      ...{ 'topic-alias-maximum': 0, 'receive-maximum': 7 },
    })
  })

  it('lacks these features for the statements, in both versions', async () => {
    const named = await onBroker({ settings: restricted }, (target) =>
      Promise.all(([4, 5] as const).map((version) => missingFeatures(version, options(target)))),
    )
    expect(named.map((missing) => [...missing.keys()].sort())).toEqual([
      ['qos 2', 'retain'],
      ['qos 2', 'retain', 'topic alias'],
    ])
  })

  it('with topics that are not allowed: only what needs none is found out, with the reason', async () => {
    const { capabilities } = await onBroker({ authorize }, (target) => discover(options(target)))
    const delivery = capabilities.find(({ key }) => key === 'publish-and-receive')!
    expect(delivery).toMatchObject({ value: false, detail: 'SUBACK 0x87 Not authorized' })
    const unknown = capabilities.filter(({ value }) => value === undefined)
    expect(unknown.map(({ detail }) => detail)).toContain('no message gets through')
    expect(capabilities.filter(({ value }) => value !== undefined).map(({ key }) => key)).toEqual([
      ...['mqtt-3.1', 'mqtt-3.1.1', 'mqtt-5', 'anonymous', 'empty-client-identifier', 'takeover'],
      ...['keep-alive-maximum', 'sys-topics', 'publish-and-receive', 'session-expiry'],
      ...['session-expiry-maximum', 'longest-client-identifier'],
    ])
  })

  it('below a topic that is allowed can all but $SYS', async () => {
    expect(await discovered({ authorize }, { root: 'allowed' })).toEqual({ ...usual, 'sys-topics': false })
  })

  it('which lets nobody in is an error with the status of its CONNACK', async () => {
    const error = await discovered({ allowAnonymous: false, authenticate: async () => false }).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toBeInstanceOf(ConnectRefused)
    expect(error).toMatchObject({ exitCode: 0x87 })
  })

  it('which closes every connection is an error', async () => {
    const closing: Breaking = ({ close }) => ({ fromClient: close })
    const error = await onBroker({}, (target) => discover(options(target)), closing).catch((thrown) => thrown)
    expect(error).toMatchObject({ exitCode: ExitCode.protocol })
    expect(error.message).toBe('The server accepts no version of MQTT: the connection ended')
  })
})

describe('a run that is aborted', () => {
  it('leaves no retained message and no session on the server', async () => {
    const clientIds = new Set<string>()
    const topics = new Set<string>()
    const noting: Breaking = ({ toServer }) => ({
      fromClient({ packet, bytes }) {
        const keeps = packet?.cmd === 'connect' && (!packet.clean || packet.properties?.sessionExpiryInterval)
        if (keeps) clientIds.add(packet.clientId)
        if (packet?.cmd === 'publish' && packet.retain) topics.add(packet.topic)
        toServer(bytes)
      },
    })
    await onBroker(
      {},
      async (target) => {
        const stop = new AbortController()
        const reason = new Error('stopped')
        const progress = (done: number) => done === 12 && stop.abort(reason)
        const running = discover(options(target, { signal: stop.signal, progress }))
        await expect(running).rejects.toBe(reason)
        expect(topics.size).toBeGreaterThan(0)
        expect(clientIds.size).toBeGreaterThan(0)
        const lab = new Lab(target, 4, 'after')
        const client = await lab.connect()
        await lab.subscribe(client, 'mqttx-check/#')
        expect(await client.sync()).toEqual([])
        for (const clientId of [...clientIds]) {
          const again = await lab.connect({ clientId, clean: false })
          expect(again.connack?.sessionPresent).toBe(false)
        }
      },
      noting,
    )
  })
})
