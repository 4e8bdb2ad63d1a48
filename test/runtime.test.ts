import { describe, expect, test } from 'vitest'
import {
  can,
  collectGarbage,
  hasSecurityLevels,
  idleDelayMs,
  runtime,
  tlsLibrary,
  tlsReason,
} from '../src/runtime.js'

describe('on Node', () => {
  test('it is named with its version, and has everything', () => {
    expect(runtime).toBe(`Node ${process.version}`)
    const readPipes = process.platform === 'linux'
    expect(can).toEqual({ psk: true, keyLog: true, observeGarbage: true, readPipes })
    expect([hasSecurityLevels, tlsLibrary]).toEqual([true, 'OpenSSL'])
  })

  test('an idle loop is measured with its resolution', () => {
    expect(idleDelayMs(10)).toBe(10)
  })

  test('collectGarbage frees what nothing refers to', () => {
    const kept = { of: new Array(1e6).fill({}) }
    const gone = new WeakRef(kept.of)
    kept.of = []
    return new Promise<void>((done) => {
      setImmediate(() => {
        collectGarbage()
        expect(gone.deref()).toBeUndefined()
        done()
      })
    })
  })
})

test.each([
  [Object.assign(new Error('error:0A000:x'), { reason: 'ee key too small' }), 'ee key too small'],
  [new Error('KEY_VALUES_MISMATCH'), 'key values mismatch'],
  [Object.assign(new Error('x'), { reason: 'NO_START_LINE' }), 'no start line'],
  [
    new Error('error:05800074:x509 certificate routines::key values mismatch'),
    'error:05800074:x509 certificate routines::key values mismatch',
  ],
])('the reason of %s', (error, reason) => {
  expect(tlsReason(error)).toBe(reason)
})
