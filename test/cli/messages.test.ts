// The error texts of mosquitto's clients, which scripts and log scrapers rely on.
import { describe, expect, test } from 'vitest'
import { broker } from '../../src/commands/broker/spec.js'
import { context } from '../../src/commands/context/spec.js'
import { pub } from '../../src/commands/pub/spec.js'
import { sub } from '../../src/commands/sub/spec.js'
import { ExitCode, UsageError } from '../../src/errors.js'
import { argsOf, refusalOf, withFile } from './command-line.js'

describe('a missing argument', () => {
  const common = [
    [['-A', '--bind'], '-A argument given but no address specified.'],
    [['-h', '--host'], '-h argument given but no host specified.'],
    [['-i', '--id'], '-i argument given but no id specified.'],
    [['-I', '--id-prefix'], '-I argument given but no id prefix specified.'],
    [['-k', '--keepalive'], '-k argument given but no keepalive specified.'],
    [['-L', '--url'], '-L argument given but no URL specified.'],
    [['-M', '--max-inflight'], '-M argument given but max_inflight not specified.'],
    [['-o'], '-o argument given but no options file specified.'],
    [['-p', '--port'], '-p argument given but no port specified.'],
    [['-P', '--pw'], '-P argument given but no password specified.'],
    [['-q', '--qos'], '-q argument given but no QoS specified.'],
    [['-t', '--topic'], '-t argument given but no topic specified.'],
    [['-u', '--username'], '-u argument given but no username specified.'],
    [['--unix'], '--unix argument given but no socket path specified.'],
    [['-V', '--protocol-version'], '--protocol-version argument given but no version specified.'],
    [['--will-payload'], '--will-payload argument given but no will payload specified.'],
    [['--will-qos'], '--will-qos argument given but no will QoS specified.'],
    [['--will-topic'], '--will-topic argument given but no will topic specified.'],
    [['--connect-timeout'], '--connect-timeout argument given but no timeout specified.'],
    [['--retry'], '--retry argument given but no count specified.'],
  ] as const
  const onlyPub = [
    [['-f', '--file'], '-f argument given but no file specified.'],
    [['-m', '--message'], '-m argument given but no message specified.'],
    [['--repeat'], '--repeat argument given but no count specified.'],
    [['--repeat-delay'], '--repeat-delay argument given but no time specified.'],
  ] as const
  const onlySub = [
    [['-C', '--count'], '-C argument given but no count specified.'],
    [['-F', '--format'], '-F argument given but no format specified.'],
    [['--random-filter'], '--random-filter argument given but no chance specified.'],
    [['-T', '--filter-out'], '-T argument given but no topic filter specified.'],
    [['-U', '--unsubscribe'], '-U argument given but no unsubscribe topic specified.'],
    [['-W', '--timeout'], '-W argument given but no timeout specified.'],
  ] as const
  const rows = (table: readonly (readonly [readonly string[], string])[]) =>
    table.flatMap(([names, message]) => names.map((name): [string, string] => [name, message]))

  test.each(rows([...common, ...onlyPub]))('pub %s', (name, message) => {
    expect(refusalOf(pub, name)).toEqual({ message, hint: "see 'mqttx pub --help'" })
  })

  test.each(rows([...common, ...onlySub]))('sub %s', (name, message) => {
    expect(refusalOf(sub, name)).toEqual({ message, hint: "see 'mqttx sub --help'" })
  })

  test.each(rows([[['-p', '--port'], '-p argument given but no port specified.']]))(
    'broker %s',
    (name, message) => {
      expect(refusalOf(broker, name)).toEqual({ message, hint: "see 'mqttx broker --help'" })
    },
  )
})

const engineNeeds = 'when using tls-engine-kpass-sha1, both tls-engine and keyform must also be provided.'
const publishing = (topic: string) => `Invalid publish topic '${topic}', does it contain '+' or '#'?`
const subscribing = (topic: string, kind = 'subscription') =>
  `Invalid ${kind} topic '${topic}', are all '+' and '#' wildcards correct?`

describe('a bad value for pub', () => {
  test.each([
    ['-k 4', 'Invalid keepalive given, it must be between 5 and 65535 inclusive.'],
    ['-k 0', 'Invalid keepalive given, it must be between 5 and 65535 inclusive.'],
    ['-k 65536', 'Invalid keepalive given, it must be between 5 and 65535 inclusive.'],
    ['-k 60x', 'Invalid keepalive given, it must be between 5 and 65535 inclusive.'],
    ['-L http://h/t', 'Unsupported URL scheme.'],
    ['-L h/t', 'Unsupported URL scheme.'],
    ['-L constructor://h/t', 'Unsupported URL scheme.'],
    ['-L mqtt://h', 'Invalid URL for -L argument specified - topic missing.'],
    ['-L mqtt://h/', publishing('')],
    ['-L mqtt://h/a/#', publishing('a/#')],
    ['-L mqtt://h:0/t', 'Invalid port given: 0'],
    ['-L mqtt://h:x/t', 'Invalid port given: x'],
    ['-M 0', 'Maximum inflight messages must be greater than 0.'],
    ['-M -1', 'Maximum inflight messages must be greater than 0.'],
    ['-M x', 'Maximum inflight messages must be greater than 0.'],
    ['-M 65536', 'Maximum inflight messages must be at most 65535.'],
    ['-p -1', 'Invalid port given: -1'],
    ['-p 65536', 'Invalid port given: 65536'],
    ['-p 70000', 'Invalid port given: 70000'],
    ['-p abc', 'Invalid port given: abc'],
    ['-p 1883x', 'Invalid port given: 1883x'],
    ["-p ''", 'Invalid port given: '],
    ['-q 3', 'Invalid QoS given: 3'],
    ['-q -1', 'Invalid QoS given: -1'],
    ['-q 1x', 'Invalid QoS given: 1x'],
    ["-q ''", 'Invalid QoS given: '],
    ['--repeat 0', '--repeat argument must be >0.'],
    ['--repeat x', '--repeat argument must be >0.'],
    ['--repeat-delay -0.1', '--repeat-delay argument must be >=0.0.'],
    ['--repeat-delay x', '--repeat-delay argument must be >=0.0.'],
    ['--repeat-delay 2147484', '--repeat-delay argument must be >=0.0.'],
    ['-t +', publishing('+')],
    ['-t a/#', publishing('a/#')],
    ["-t ''", publishing('')],
    ['--will-topic a/+', "Invalid will topic 'a/+', does it contain '+' or '#'?"],
    ['--will-qos 3', 'Invalid will QoS 3.'],
    ['-V 4', 'Invalid protocol version argument given.'],
    ['-V MQTTV5', 'Invalid protocol version argument given.'],
    ['-V toString', 'Invalid protocol version argument given.'],
    ["-t t -n -i ''", 'Invalid id.'],
    ['--connect-timeout 0', "--connect-timeout: '0' is not a number from 0.001 to 2147483"],
    ['--connect-timeout 5s', "--connect-timeout: '5s' is not a number from 0.001 to 2147483"],
    ['--retry -1', "--retry: '-1' is not a whole number of at least 0"],
    ["-h ''", '-h: the argument is empty'],
    [`--unix ${'/x'.repeat(54)}`, "--unix: '/x/x"],
  ])('%s', (line, message) => {
    expect(refusalOf(pub, line).message).toContain(message)
  })

  test.each([
    ['-t', 'Malformed UTF-8 in -t argument.'],
    ['--topic', 'Malformed UTF-8 in -t argument.'],
    ['--will-topic', 'Malformed UTF-8 in --will-topic argument.'],
  ])('%s with a control character', (name, message) => {
    for (const character of ['\0', '\n', '\x1f', '\x7f', '\x9f', '\ufdd0', '\ufffe', '\ud800', '\u{1ffff}']) {
      expect(refusalOf(pub, [name, `a/${character}`]).message).toBe(message)
    }
  })

  test('a control character in the topic of -L', () => {
    expect(refusalOf(pub, ['-L', 'mqtt://h/a\u0007']).message).toBe('Malformed UTF-8 in -L topic argument.')
  })

  test('a message larger than any packet', () => {
    const message = 'Message length must be less than 268435455 bytes.'
    expect(refusalOf(pub, ['-m', 'x'.repeat(268_435_456)]).message).toBe(message)
  })

  test.each([
    [['-u', 'x'.repeat(65_536)], 'Problem setting username and/or password.'],
    [['-u', 'a\nb'], 'Problem setting username and/or password.'],
    [['-P', 'x'.repeat(65_536)], 'Problem setting username and/or password.'],
    [['--will-payload', 'x'.repeat(65_536)], 'Problem setting will.'],
    [['-t', 't', '-n', '-i', 'x'.repeat(65_536)], 'Invalid id.'],
    [['-t', 't', '-n', '-i', 'a\nb'], 'Invalid id.'],
  ])('a text that is not a UTF-8 Encoded String: %#', (argv, message) => {
    expect(refusalOf(pub, argv).message).toBe(message)
  })
})

describe('a bad value for sub', () => {
  test.each([
    ['-C 0', 'Invalid message count "0".'],
    ['-C x', 'Invalid message count "x".'],
    ['-F %', 'Incomplete format specifier.'],
    ['-F @', 'Incomplete format specifier.'],
    ['-F \\', 'Incomplete escape specifier.'],
    ['-F %y', "Invalid format specifier 'y'."],
    ['-F \\y', "Invalid escape specifier 'y'."],
    ['--random-filter 0', '--random-filter chance must be between 0.1-100.0'],
    ['--random-filter 100.1', '--random-filter chance must be between 0.1-100.0'],
    ['--random-filter x', '--random-filter chance must be between 0.1-100.0'],
    ["-t ''", subscribing('')],
    ['-t a/#/b', subscribing('a/#/b')],
    ['-t a+', subscribing('a+')],
    ['-T a#', subscribing('a#', 'filter')],
    ['-U a/+b', subscribing('a/+b', 'unsubscribe')],
    ['-L mqtt://h/', subscribing('')],
    ['-L mqtt://h', 'Invalid URL for -L argument specified - topic missing.'],
    ['-W 0', 'Invalid timeout "0".'],
    ['-W 1.5', 'Invalid timeout "1.5".'],
    ['-W 2147484', 'Invalid timeout "2147484".'],
    ["-t t -i ''", 'Invalid id and/or clean_session.'],
    ['-q 3', 'Invalid QoS given: 3'],
  ])('%s', (line, message) => {
    expect(refusalOf(sub, line).message).toBe(message)
  })

  test.each(['-t', '-T', '-U'])('%s with a control character', (name) => {
    expect(refusalOf(sub, [name, 'a\n']).message).toBe(`Malformed UTF-8 in ${name} argument.`)
  })
})

describe('options that do not go together', () => {
  const sources = ['-f F', '-l', '-m M', '-n', '-s']
  const pairs = sources.flatMap((first) => sources.map((second) => `${first} ${second}`))

  test.each(pairs)('pub %s', (line) => {
    expect(refusalOf(pub, line).message).toBe('Only one type of message can be sent at once.')
  })

  test('a second source of messages is reported before its missing argument', () => {
    expect(refusalOf(pub, '-m a -f').message).toBe('Only one type of message can be sent at once.')
  })

  test.each([
    [pub, '-i a -I b', '-i and -I argument cannot be used together.'],
    [pub, '-I a -i b', '-i and -I argument cannot be used together.'],
    [pub, '-o a -o b', 'Duplicate -o argument given.'],
    [pub, '-t t -n --will-payload p', 'Will payload given, but no will topic given.'],
    [pub, '-t t -n --will-retain', 'Will retain given, but no will topic given.'],
    [pub, '-t t -n -c', 'You must provide a client id if you are using the -c option.'],
    [pub, '-t t -n -c -I x', 'You must provide a client id if you are using the -c option.'],
    [
      pub,
      '-t t -n -c -V 5',
      'You must provide a client id if you are using an infinite session expiry interval.',
    ],
    [pub, '-t t -n -P pw', 'Problem setting username and/or password.'],
    [pub, '-t t -n -p 0', 'Invalid port given: 0'],
    [pub, '-t t -n -h host -p 0', 'Invalid port given: 0'],
    [pub, '-t t', 'Both topic and message must be supplied.'],
    [pub, '-m m', 'Both topic and message must be supplied.'],
    [pub, '', 'Both topic and message must be supplied.'],
    [sub, '', 'You must specify a topic to subscribe to (-t) or unsubscribe from (-U).'],
    [sub, '-t t -R --retained-only', "Combining '-R' and '--retained-only' makes no sense."],
    [sub, '-t t --will-retain', 'Will retain given, but no will topic given.'],
    [sub, '-t t -c', 'You must provide a client id if you are using the -c option.'],
    [sub, '-t t -P pw', 'Problem setting username and/or password.'],
  ] as const)('%#: %s %s', (spec, line, message) => {
    expect(refusalOf(spec as typeof pub, line).message).toBe(message)
  })

  test.each([
    ['-t t -n -i a -i b', { id: 'b' }],
    ['-t t -n -c -i a', { id: 'a' }],
    ['-t t -n --will-qos 1', { willQos: 1 }],
  ])('but these do: pub %s', (line, expected) => {
    expect(argsOf(pub, line)).toMatchObject(expected)
  })
})

describe('the order of errors', () => {
  test.each([
    [pub, '-q 3 --unheard-of', 'Invalid QoS given: 3'],
    [pub, '--will-payload p --will-retain -c', 'Will payload given, but no will topic given.'],
    [pub, '--will-retain -c', 'Will retain given, but no will topic given.'],
    [pub, '-c', 'You must provide a client id if you are using the -c option.'],
    [pub, '-P pw', 'Both topic and message must be supplied.'],
    [sub, '-c', 'You must provide a client id if you are using the -c option.'],
    [sub, '-R --retained-only', 'You must specify a topic to subscribe to (-t) or unsubscribe from (-U).'],
  ] as const)('%#: %s %s', (spec, line, message) => {
    expect(refusalOf(spec as typeof pub, line).message).toBe(message)
  })
})

describe('combinations come before values (E73, E75)', () => {
  const keyform = "Problem setting key form, it must be one of 'pem' or 'engine'."
  const kpass = 'Problem setting TLS engine key pass sha, is it a 40 character hex string?'
  const options = 'Problem setting TLS options, check the options are valid.'
  const ready = '-t t -n'
  const pair = '--cert c --key k'
  const pem = `${ready} ${pair} --keyform pem`
  test.each([
    ['--cert f', 'Both certfile and keyfile must be provided if one of them is set.'],
    ['--key f --keyform zz', 'Both certfile and keyfile must be provided if one of them is set.'],
    ['--keyform file', 'If keyform is set, keyfile must be also specified.'],
    ['--keyform', '--keyform argument given but no keyform specified.'],
    ['--tls-engine-kpass-sha1 h', engineNeeds],
    ['--tls-engine-kpass-sha1 h --tls-engine e', engineNeeds],
    [`--tls-engine-kpass-sha1 h --keyform zz ${pair}`, engineNeeds],
    ['--psk key --cafile f', 'Only one of --psk or --cafile/--capath may be used at once.'],
    ['--capath d --psk key', 'Only one of --psk or --cafile/--capath may be used at once.'],
    ['--psk key', '--psk-identity required if --psk used.'],
    ['--psk key --tls-version x', '--psk-identity required if --psk used.'],
    ['--psk key --psk-identity i', 'Both topic and message must be supplied.'],
    ['--tls-version x', 'Both topic and message must be supplied.'],
    [`--tls-alpn ${'x'.repeat(255)}`, 'Both topic and message must be supplied.'],
    ["-i ''", 'Both topic and message must be supplied.'],
    ['-c -x 5 --psk key', '--psk-identity required if --psk used.'],
    [`${ready} --psk key --psk-identity i --tls-version x`, 'Problem setting TLS-PSK options.'],
    [`${ready} --tls-engine e --keyform zz ${pair}`, 'Problem setting TLS engine, is e a valid engine?'],
    [`${ready} --keyform zz --tls-version x ${pair}`, keyform],
    [`${ready} --keyform engine ${pair}`, 'Problem setting TLS engine, is  a valid engine?'],
    [`${ready} --tls-version x`, options],
    [`${ready} --tls-alpn ${'x'.repeat(255)}`, options],
    [`${ready} --psk ab --psk-identity i --tls-version TLSv1.3`, options],
    [`${ready} --psk key --psk-identity i -i ''`, 'Invalid id.'],
    ['-x -2', 'session-expiry-interval out of range.'],
    ['-x -2 -q 5', 'session-expiry-interval out of range.'],
    ['-x 4294967296', 'session-expiry-interval out of range.'],
    ['-x -0x2', 'session-expiry-interval out of range.'],
    ['-x 1x', 'session-expiry-interval not a number.'],
    ['-x 08', 'session-expiry-interval not a number.'],
    ['-x -', 'session-expiry-interval not a number.'],
    ['-q 5 -x -2', 'Invalid QoS given: 5'],
  ])('pub %s', (line, message) => {
    expect(refusalOf(pub, line).message).toBe(message)
  })

  test('only the last value is checked', () => {
    expect(argsOf(pub, `${pem} --keyform zz --keyform PEM`)).toMatchObject({ keyform: 'pem' })
    expect(argsOf(pub, `${ready} --psk key --psk abc --psk-identity i`)).toMatchObject({ psk: '0abc' })
    expect(refusalOf(pub, `${pem} --keyform zz`).message).toBe(keyform)
  })

  test('the error names the source of the value', () => {
    const identity = `${ready} --psk-identity i`
    const psk = 'Problem setting TLS-PSK options.'
    expect(refusalOf(pub, identity, { env: { MQTTX_PSK: 'key' }, readFile: () => undefined })).toEqual({
      message: `${psk} (MQTTX_PSK)`,
      hint: 'give --psk in hex digits, without 0x',
    })
    const place = '/home/me/.config/mosquitto_pub, line 2'
    expect(refusalOf(pub, identity, withFile('-q 1\n--psk key')).message).toBe(`${psk} (${place})`)
    expect(argsOf(pub, `${identity} --psk ab`, withFile('--psk key'))).toMatchObject({ psk: 'ab' })
  })

  test('context add refuses a value that a command would refuse', () => {
    expect(refusalOf(context, 'add x --psk key').message).toBe('Problem setting TLS-PSK options.')
    expect(refusalOf(context, 'add x --tls-engine-kpass-sha1 h').message).toBe(kpass)
    expect(refusalOf(context, 'ls --psk ab').message).toBe('context ls: --psk is valid only with add.')
  })
})

test('every usage error has status 1', () => {
  expect(new UsageError('x').exitCode).toBe(ExitCode.usage)
})

describe('hints', () => {
  test.each([
    ['-q 3', 'use 0, 1 or 2'],
    ['-p 70000', 'a port is a number from 1 to 65535'],
    ['-L h/t', 'use mqtt://, mqtts://, ws://, wss:// or mqtt-sn://'],
    ['-L mqtt://h', 'write it after the host, as in mqtt://HOST/TOPIC, or give it with -t'],
    ['-V 6', 'use mqttv31, mqttv311 or mqttv5; 3.1, 3.1.1 and 5 mean the same'],
    ['-t a/+', "'+' at character 3 is a wildcard, allowed only in a subscription"],
    ['-t t', "see 'mqttx pub --help'"],
  ])('pub %s', (line, hint) => {
    expect(refusalOf(pub, line).hint).toBe(hint)
  })
})
