// check --conformance: the report of a server that keeps to the standard, and of one that does not.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { judge } from '../../src/check/judge.js'
import type { Statement } from '../../src/check/statement.js'
import { statements } from '../../src/check/statements/index.js'
import { Violation } from '../../src/check/violation.js'
import { junitXml } from '../../src/commands/check/junit.js'
import { embedded, trialBroker } from '../check/rig.js'
import { bytes } from '../connection/rig.js'
import { scratch } from '../helpers/run.js'
import { scriptedServer } from '../helpers/scripted-server.js'
import { run } from './fake-host.js'

const conformance = (words: readonly string[], at: readonly string[] = []) =>
  run(['check', '--conformance', ...words], { at })

describe('--list', () => {
  test('prints all, without a connection', async () => {
    const { status, stdout } = await conformance(['--list'], ['-p', '1'])
    expect([status, stdout.split('\n').length - 1]).toEqual([0, statements.length])
  })

  test('of one version', async () => {
    const { stdout } = await conformance(['--list', '5'])
    expect(
      stdout
        .split('\n')
        .slice(0, -1)
        .every((line) => line.startsWith('5.0   MQTT-')),
    ).toBe(true)
  })
})

describe('a server that keeps to the standard', () => {
  test('status 0, in text and JSON', async () => {
    const { at } = await trialBroker()
    const words = ['--only', 'MQTT-3.12.4-1', '5']
    const text = await conformance(words, at)
    expect([text.status, text.stderr]).toEqual([0, ''])
    expect(text.stdout).toMatch(
      /^ok +5\.0 +MQTT-3\.12\.4-1 +.*\n1 statement: 1 kept, 0 violated, 0 skipped, 0 unclear\n$/,
    )
    const json = await conformance([...words, '--format', 'json'], at)
    expect(JSON.parse(json.stdout)).toMatchObject([
      { id: 'MQTT-3.12.4-1', version: '5.0', verdict: 'kept', reason: '' },
    ])
  })
})

test('a violation is printed with its packets, and is status 42', async () => {
  const server = await scriptedServer({
    packet(packet, socket) {
      if (packet.cmd === 'connect')
        socket.write(bytes({ cmd: 'connack', returnCode: 0, sessionPresent: false }))
    },
  })
  const { status, stdout, stderr } = await conformance(
    ['--only', 'MQTT-3.12.4-1', '-W', '0.2', '3.1.1'],
    server.at,
  )
  expect([status, stderr]).toEqual([42, 'Error: 1 statement violated\n'])
  expect(stdout).toMatch(/^VIOLATED +3\.1\.1 +MQTT-3\.12\.4-1 .*\n +nothing came within 200 ms\n/)
  expect(stdout).toMatch(/^→ CONNECT/m)
  expect(stdout).toMatch(/^→ PINGREQ/m)
})

test('a server that is down is an error, not a verdict', async () => {
  const { status, stdout, stderr } = await conformance([], ['-h', '127.0.0.1', '-p', '1'])
  expect([status, stdout]).toEqual([1, ''])
  expect(stderr).toContain('Connection refused')
})

test.each([
  [['--only', 'MQTT-0.0.0-1'], "--only: there is no statement 'MQTT-0.0.0-1'"],
  [['--format', 'nagios'], '--conformance and --format nagios cannot be used together'],
  [['-V', '5'], '--conformance takes the version as an operand'],
  [['-i', 'me'], '--conformance chooses its own Client Identifiers.'],
  [['-q', '0'], '--conformance chooses its own QoS.'],
  [['6'], "'6' is not a version of MQTT for --conformance"],
])('%j is refused', async (words, says) => {
  const { status, stderr } = await conformance(words)
  expect([status, stderr]).toEqual([1, expect.stringContaining(says)])
})

test.each(['--list', '--only=MQTT-3.12.4-1', '--junit=x', '5'])(
  '%s without --conformance is refused',
  async (word) => {
    const { status, stderr } = await run(['check', word], { at: [] })
    expect([status, stderr]).toEqual([1, expect.stringContaining('no --conformance specified')])
  },
)

describe('--junit', () => {
  test('is written', async () => {
    const { at } = await trialBroker()
    const file = join(scratch('junit'), 'report.xml')
    expect((await conformance(['--only', 'MQTT-3.12.4-1', '--junit', file], at)).status).toBe(0)
    expect(readFileSync(file, 'utf8')).toContain('tests="2" failures="0" errors="0" skipped="0"')
  })

  test('is an error if it cannot be', async () => {
    const { at } = await trialBroker()
    const { status, stderr } = await conformance(['--only', 'MQTT-3.12.4-1', '--junit', '/no/such/file'], at)
    expect([status, stderr]).toEqual([14, expect.stringContaining('/no/such/file')])
  })

  test('is XML whatever a server says', async () => {
    const hostile: Statement = {
      ...{ id: 'MQTT-0', version: 5, text: '"<&>' },
      check: () => Promise.reject(new Violation('\x1b]0;x\x07 "<![CDATA[ &amp; \ud800 \0 é €')),
    }
    const judgements = await judge([hostile], {
      ...{ target: await embedded(), missing: new Map(), jobs: 1, limitMs: 1000, judged: () => {} },
      signal: new AbortController().signal,
    })
    const read =
      'import sys, xml.etree.ElementTree as t; print(t.fromstring(sys.stdin.read()).find("testcase/failure").get("message"))'
    const message = execFileSync('python3', ['-c', read], { input: junitXml(judgements), encoding: 'utf8' })
    expect(message).toContain('"<![CDATA[ &amp; ')
  })
})
