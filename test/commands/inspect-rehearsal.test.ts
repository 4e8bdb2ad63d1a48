import { expect, test } from 'vitest'
import { openCapture } from '../../src/capture/open.js'
import { rehearsalCapture } from '../../src/commands/inspect/rehearsal.js'
import { Inspector } from '../../src/inspect/inspector.js'
import { packetNames } from '../../src/inspect/names.js'

test('the capture of the rehearsal has all usual packets of all versions, and no violations', () => {
  const seen = new Set<string>()
  const inspector = new Inspector({
    view: {
      packet({ version, type, qos, direction, violations, missing }) {
        seen.add(`${version} ${direction} ${packetNames[type]}${type === 3 ? ` ${qos}` : ''}`)
        expect([violations, missing]).toEqual([[], 0])
      },
      closed(_, how, late) {
        expect([how, late]).toEqual(['closed', []])
      },
    },
    note: (text) => expect.fail(text),
  })
  const capture = openCapture(inspector)
  capture.push(rehearsalCapture())
  capture.end()
  inspector.end()
  const usual = ['PUBLISH 0', 'PUBLISH 1', 'PUBLISH 2', 'PUBACK', 'PUBREC', 'PUBREL', 'PUBCOMP']
  const c2s = ['CONNECT', 'SUBSCRIBE', 'UNSUBSCRIBE', 'PINGREQ', 'DISCONNECT', ...usual]
  const s2c = ['CONNACK', 'SUBACK', 'UNSUBACK', 'PINGRESP', ...usual]
  const expected = [3, 4, 5].flatMap((version) => [
    ...c2s.map((name) => `${version} c2s ${name}`),
    ...s2c.map((name) => `${version} s2c ${name}`),
  ])
  expect([...seen].sort()).toEqual(expected.sort())
})
