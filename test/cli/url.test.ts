// -L, including what mosquitto does not support: IPv6, and any character in a password.
import { describe, expect, test } from 'vitest'
import { parseUrl } from '../../src/cli/url.js'

const parsed = (text: string) => {
  const { transport, host, port, username, pw, topic } = parseUrl(text, '-L')
  return [transport, host, port, username, pw, topic]
}

describe('a URL', () => {
  test.each([
    ['mqtt://h/t', ['tcp', 'h', 1883, undefined, undefined, 't']],
    ['mqtts://h/t', ['tls', 'h', 8883, undefined, undefined, 't']],
    ['ws://h/t', ['ws', 'h', 1883, undefined, undefined, 't']],
    ['wss://h/t', ['wss', 'h', 8883, undefined, undefined, 't']],
    ['MQTT://H/t', ['tcp', 'H', 1883, undefined, undefined, 't']],
    ['mqtt://h:1/t', ['tcp', 'h', 1, undefined, undefined, 't']],
    ['mqtt://127.0.0.1:65535/t', ['tcp', '127.0.0.1', 65535, undefined, undefined, 't']],
    ['mqtt://[::1]/t', ['tcp', '::1', 1883, undefined, undefined, 't']],
    ['mqtt://[fe80::1%eth0]:1884/t', ['tcp', 'fe80::1%eth0', 1884, undefined, undefined, 't']],
    ['mqtt://u@h/t', ['tcp', 'h', 1883, 'u', undefined, 't']],
    ['mqtt://u:@h/t', ['tcp', 'h', 1883, 'u', '', 't']],
    ['mqtt://u:p@h:2/t', ['tcp', 'h', 2, 'u', 'p', 't']],
    ['mqtt://u:p:q@h/t', ['tcp', 'h', 1883, 'u', 'p:q', 't']],
    ['mqtt://u:p@ss@h/t', ['tcp', 'h', 1883, 'u', 'p@ss', 't']],
    ['mqtt://u%3Ax:p%40%2Fq%25@h/t', ['tcp', 'h', 1883, 'u:x', 'p@/q%', 't']],
    ['mqtt://%C3%A9@[::1]:9/t', ['tcp', '::1', 9, 'é', undefined, 't']],
    ['mqtt://h//a', ['tcp', 'h', 1883, undefined, undefined, '/a']],
    ['mqtt://h/a/b@c:d', ['tcp', 'h', 1883, undefined, undefined, 'a/b@c:d']],
    ['mqtt://h/w%2F1?x=#', ['tcp', 'h', 1883, undefined, undefined, 'w%2F1?x=#']],
    ['mqtt://h/', ['tcp', 'h', 1883, undefined, undefined, '']],
  ])('%s', (text, expected) => expect(parsed(text)).toEqual(expected))

  test.each([
    ['', 'Unsupported URL scheme.'],
    ['mqtt:/h/t', 'Unsupported URL scheme.'],
    ['tcp://h/t', 'Unsupported URL scheme.'],
    ['mqtt://', 'Invalid URL for -L argument specified - topic missing.'],
    ['mqtt:///t', 'Invalid URL for -L argument specified - host missing.'],
    ['mqtt://u@/t', 'Invalid URL for -L argument specified - host missing.'],
    ['mqtt://[]/t', 'Invalid URL for -L argument specified - host missing.'],
    ['mqtt://::1/t', "Invalid URL for -L argument specified - '::1' is not HOST:PORT."],
    ['mqtt://[::1/t', "Invalid URL for -L argument specified - '[::1' is not HOST:PORT."],
    ['mqtt://h:/t', 'Invalid port given: '],
    ['mqtt://h:0/t', 'Invalid port given: 0'],
    ['mqtt://h:70000/t', 'Invalid port given: 70000'],
    ['mqtt://100%@h/t', 'Invalid URL for -L argument specified - a % in the user name or password is not'],
  ])('%s is refused', (text, message) => expect(() => parsed(text)).toThrow(message))
})
