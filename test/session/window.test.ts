// The in-flight window: our own limit and the server's Receive Maximum (MQTT 5.0, 4.9).
import { describe, expect, test } from 'vitest'
import { puback, pubcomp, pubrec, type Scripted, scripted } from '../helpers/scripted.js'

const notAuthorized = 0x87

describe('the window', () => {
  /** Publishes while the window is open. */
  function fill({ session }: Scripted): number {
    let count = 0
    for (; session.open; count++) session.publish(1, `m${count}`)
    return count
  }

  test('is our own limit', () => {
    const script = scripted({ maxInFlight: 3 })
    expect(fill(script)).toBe(3)
    script.session.acknowledged(puback, 2, 0)
    expect(fill(script)).toBe(1)
  })

  test('is used by a QoS 2 message until PUBCOMP [MQTT-4.9.0-2]', () => {
    const { session } = scripted({ maxInFlight: 1 })
    session.publish(2, 'a')
    session.acknowledged(pubrec, 1, 0)
    expect(session.open).toBe(false)
    session.acknowledged(pubcomp, 1, 0)
    expect(session.open).toBe(true)
  })

  test('is freed by a PUBREC that refuses', () => {
    const { session } = scripted({ maxInFlight: 1, version: 5 })
    session.publish(2, 'a')
    session.acknowledged(pubrec, 1, notAuthorized)
    expect(session.open).toBe(true)
  })

  test('is not used by QoS 0, SUBSCRIBE and UNSUBSCRIBE', () => {
    const script = scripted({ maxInFlight: 2 })
    script.session.publish(0, undefined)
    script.session.request('suback')
    script.session.request('unsuback')
    expect(fill(script)).toBe(2)
  })

  test.each([
    [10, 65_535, 10],
    [10, 4, 4],
    [10, 10, 10],
    [65_535, 1, 1],
  ])('own limit %i, Receive Maximum %i: %i', (maxInFlight, receiveMaximum, window) => {
    const script = scripted({ maxInFlight, version: 5 })
    script.session.limit(receiveMaximum)
    expect(fill(script)).toBe(window)
  })

  test('grows again on a connection with a larger Receive Maximum', () => {
    const script = scripted({ maxInFlight: 5 })
    script.session.limit(1)
    expect(fill(script)).toBe(1)
    script.session.limit(65_535)
    expect(fill(script)).toBe(4)
  })

  test('after a reconnect with a smaller Receive Maximum the rest is sent later, in order', () => {
    const script = scripted({ maxInFlight: 5, version: 5 })
    const { session, sent } = script
    fill(script)

    session.limit(2)
    session.resume()
    expect(sent).toEqual(['PUBLISH 1 DUP m0', 'PUBLISH 2 DUP m1'])
    expect(session.open).toBe(false)

    session.acknowledged(puback, 1, 0)
    session.acknowledged(puback, 2, 0)
    session.acknowledged(puback, 3, 0)
    expect(sent.slice(2)).toEqual(['PUBLISH 3 DUP m2', 'PUBLISH 4 DUP m3', 'PUBLISH 5 DUP m4'])
    expect(session.open).toBe(false)
    session.acknowledged(puback, 4, 0)
    expect(session.open).toBe(true)
  })

  test('and nothing is lost or sent twice if that connection is lost too', () => {
    const script = scripted({ maxInFlight: 5, version: 5 })
    const { session, sent } = script
    fill(script)
    session.limit(2)
    session.resume()
    session.acknowledged(puback, 1, 0)
    sent.length = 0

    session.limit(65_535)
    session.resume()
    expect(sent).toEqual(['PUBLISH 2 DUP m1', 'PUBLISH 3 DUP m2', 'PUBLISH 4 DUP m3', 'PUBLISH 5 DUP m4'])
    expect(fill(script)).toBe(1)
  })
})
