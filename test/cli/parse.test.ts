// Parsing of command lines: arguments, precedence, GNU syntax, errors.
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from '../../src/cli/parse.js'
import { broker } from '../../src/commands/broker/spec.js'
import { pub } from '../../src/commands/pub/spec.js'
import { sub } from '../../src/commands/sub/spec.js'
import { UsageError } from '../../src/errors.js'
import { argsOf, argvOf, nowhere, refusalOf, withFile } from './command-line.js'

describe('the argument of an option is the next one in argv, even with a dash', () => {
  test.each([
    ['-t t -m -5', { message: '-5' }],
    ['-t t -m --help', { message: '--help' }],
    ['-t t -m --version', { message: '--version' }],
    ['-t t -m --', { message: '--' }],
    ['-t t -m -h', { message: '-h' }],
    ["-t t -m ''", { message: '' }],
    ['-t -x -m m', { topic: '-x' }],
    ['-t t -n -i -t', { id: '-t' }],
    ['-t t -n -P -o', { pw: '-o' }],
    ['-t t -m --topic=x', { message: '--topic=x' }],
  ])('%s', (line, expected) => {
    expect(argsOf(pub, `${line} -u me`)).toMatchObject(expected)
  })

  test('keeps blanks and line feeds', () => {
    expect(argsOf(pub, ['-t', 't', '-m', ' a\nb ']).message).toBe(' a\nb ')
  })
})

test('any argument arrives unchanged', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(argsOf(pub, ['-t', 't', '-m', text]).message).toBe(text)
      expect(argsOf(pub, ['-t', 't', `--message=${text}`]).message).toBe(text)
    }),
  )
})

test('any command line is parsed, or refused with a one-line error', () => {
  const names = Object.values(pub.options).flatMap((option) => option.flags.split(/,? /))
  const word = fc.oneof(
    fc.constantFrom(...names),
    fc.string(),
    fc.constantFrom('-', '--', '1', 'a/#', '-rq2', '--x=y'),
  )
  fc.assert(
    fc.property(fc.array(word, { maxLength: 6 }), (line) => {
      try {
        parse(pub, line, nowhere)
      } catch (error) {
        expect(error).toBeInstanceOf(UsageError)
        expect((error as UsageError).message).toMatch(/^[^\n]+$/)
      }
    }),
    { numRuns: 1000 },
  )
})

describe('every option of pub', () => {
  test.each([
    ['-t a/b', { topic: 'a/b' }],
    ['--topic a/b', { topic: 'a/b' }],
    ['-t first -t last', { topic: 'last' }],
    ['--message m', { message: 'm' }],
    ['-f FILE', { file: 'FILE' }],
    ['--file FILE', { file: 'FILE' }],
    ['-s', { stdinFile: true }],
    ['--stdin-file', { stdinFile: true }],
    ['-l', { stdinLine: true }],
    ['--stdin-line', { stdinLine: true }],
    ['-n', { nullMessage: true }],
    ['--null-message', { nullMessage: true }],
    ['-n', { qos: 0, retain: false, repeat: 1, repeatDelay: 0 }],
    ['-q 0', { qos: 0 }],
    ['-q 1', { qos: 1 }],
    ['--qos 2', { qos: 2 }],
    ['-q 1 -q 2', { qos: 2 }],
    ['-r', { retain: true }],
    ['--retain', { retain: true }],
    ['--repeat 3', { repeat: 3 }],
    ['--repeat-delay 0.5', { repeatDelay: 0.5 }],
    ['--repeat-delay .5', { repeatDelay: 0.5 }],
    ['--repeat-delay 2.', { repeatDelay: 2 }],
    ['-h example.org', { host: 'example.org' }],
    ['--host ::1', { host: '::1' }],
    ['-p 1', { port: 1 }],
    ['--port 65535', { port: 65535 }],
    ['--unix /run/m.sock', { unix: '/run/m.sock' }],
    ['-A 10.0.0.1', { bind: '10.0.0.1' }],
    ['--bind ::1', { bind: '::1' }],
    ['--nodelay', { nodelay: true }],
    ['--connect-timeout 2.5', { connectTimeout: 2.5 }],
    ['--retry 4', { retry: 4 }],
    ['-i me', { id: 'me' }],
    ['--id me', { id: 'me' }],
    ['-I me-', { idPrefix: 'me-' }],
    ['--id-prefix me-', { idPrefix: 'me-' }],
    ['-c -i me', { disableCleanSession: true, id: 'me' }],
    ['--disable-clean-session -i me', { disableCleanSession: true }],
    ['-k 5', { keepalive: 5 }],
    ['--keepalive 65535', { keepalive: 65535 }],
    ['-u me -P pw', { username: 'me', pw: 'pw' }],
    ['--username me --pw pw', { username: 'me', pw: 'pw' }],
    ["-u ''", { username: '' }],
    ['-V mqttv5 -P pw', { protocolVersion: 5, pw: 'pw' }],
    ['-V mqttv31', { protocolVersion: 3 }],
    ['-V 31', { protocolVersion: 3 }],
    ['-V mqttv311', { protocolVersion: 4 }],
    ['-V 311', { protocolVersion: 4 }],
    ['--protocol-version 5', { protocolVersion: 5 }],
    ['-M 1', { maxInflight: 1 }],
    ['--max-inflight 65535', { maxInflight: 65535 }],
    ['-d', { debug: true }],
    ['--debug', { debug: true }],
    ['--quiet', { quiet: true }],
    ['--will-topic w', { willTopic: 'w', willQos: 0, willRetain: false }],
    ['--will-topic w --will-payload -1', { willPayload: '-1' }],
    ['--will-topic w --will-qos 2', { willQos: 2 }],
    ['--will-qos 2', { willQos: 2 }],
    ['--will-topic w --will-retain', { willRetain: true }],
  ])('%s', (line, expected) => {
    const source = /(^| )(-[fslnm]|--file|--stdin-.*|--null-message|--message)( |$)/.test(line) ? '' : '-n '
    const topic = /(^| )(-t|--topic) /.test(line) ? '' : '-t t '
    expect(argsOf(pub, `${source}${topic}${line}`)).toMatchObject(expected)
  })

  test('options that are not given and have no default are absent', () => {
    const args = argsOf(pub, '-t t -n')
    for (const key of [
      'host',
      'port',
      'unix',
      'transport',
      'bind',
      'id',
      'username',
      'pw',
      'maxInflight',
      'help',
    ]) {
      expect(args).not.toHaveProperty(key)
    }
    expect(args).toMatchObject({ keepalive: 60, protocolVersion: 4, connectTimeout: 30, retry: 0 })
  })
})

describe('every option of sub', () => {
  test.each([
    ['-t a -t b/#', { topics: ['a', 'b/#'] }],
    ['--topic +/b', { topics: ['+/b'] }],
    ['-U a --unsubscribe b', { topics: [], unsubscribe: ['a', 'b'] }],
    ['-t # -T a/# --filter-out b', { filterOut: ['a/#', 'b'] }],
    ['-t t', { unsubscribe: [], filterOut: [], qos: 0, verbose: false, noNewline: false, pretty: false }],
    ['-t t -q 2', { qos: 2 }],
    ['-t t -C 3', { count: 3 }],
    ['-t t --count 3', { count: 3 }],
    ['-t t -W 3', { timeout: 3 }],
    ['-t t --timeout 3', { timeout: 3 }],
    ['-t t -E', { exitAfterSubscribe: true }],
    ['-t t -R', { noRetained: true }],
    ['-t t --retained-only', { retainedOnly: true }],
    ['-t t --remove-retained', { removeRetained: true }],
    ['-t t -N', { noNewline: true }],
    ['-t t -v', { verbose: true }],
    ['-t t --verbose', { verbose: true }],
    ['-t t -F %t', { format: '%t' }],
    ['-t t --format %j --pretty', { format: '%j', pretty: true }],
    ['-t t --random-filter 0.1', { randomFilter: 0.1 }],
    ['-t t --random-filter 100', { randomFilter: 100 }],
    ['-t t --message-rate', { messageRate: true }],
    ['-t t -w', { watch: true }],
    ['-t t --watch', { watch: true }],
    ['-t $share/group/a/+', { topics: ['$share/group/a/+'] }],
  ])('%s', (line, expected) => {
    expect(argsOf(sub, line)).toMatchObject(expected)
  })

  test('parsing twice does not share lists', () => {
    argsOf(sub, '-t a')
    expect(argsOf(sub, '-t b').topics).toEqual(['b'])
  })
})

test.each([
  ['', { port: 1883, bind: '127.0.0.1', allowAnonymous: false, quiet: false }],
  ['-p 0', { port: 0 }],
  ['--port 65535 --bind ::', { port: 65535, bind: '::' }],
  [
    '--password-file users --allow-anonymous --quiet',
    { passwordFile: 'users', allowAnonymous: true, quiet: true },
  ],
])('broker %s', (line, expected) => {
  expect(argsOf(broker, line)).toEqual(expect.objectContaining(expected))
})

describe('-h, -p, --unix and -L override one another', () => {
  test.each([
    ['-h a -h b', { host: 'b' }],
    ['-p 1 -p 2', { port: 2 }],
    ['-h a -p 1 --unix /s', { unix: '/s' }],
    ['--unix /s -h a', { host: 'a' }],
    ['--unix /s -p 1', { port: 1 }],
    ['--unix /s -p 0', { unix: '/s' }],
    ['-h /s -p 0', { unix: '/s' }],
    ['-p 0 -h /s', { unix: '/s' }],
    ['-h /s -p 0 -h b', { host: 'b' }],
    ['-p 1999 -L mqtt://h/t', { host: 'h', port: 1883, transport: 'tcp', topic: 't' }],
    ['-L mqtt://h:1999/t -h g', { host: 'g', port: 1999, transport: 'tcp', topic: 't' }],
    ['-L mqtts://h/t -p 8884', { host: 'h', port: 8884, transport: 'tls', topic: 't' }],
    ['-L mqtt://h/t --unix /s', { unix: '/s', transport: 'tcp', topic: 't' }],
    ['--unix /s -L mqtt://h/t', { host: 'h', port: 1883, transport: 'tcp', topic: 't' }],
    ['-L wss://h/t -L mqtt://g/s', { host: 'g', port: 1883, transport: 'tcp', topic: 's' }],
    ['-L mqtt://h/t -t s', { host: 'h', port: 1883, transport: 'tcp', topic: 's' }],
    ['-u a -L mqtt://h/t', { host: 'h', port: 1883, transport: 'tcp', topic: 't', username: 'a' }],
    ['-u a -L mqtt://b@h/t', { host: 'h', port: 1883, transport: 'tcp', topic: 't', username: 'b' }],
  ])('%s', (line, { topic = 'x', ...expected }: Record<string, unknown>) => {
    const { host, port, unix, transport, username, ...args } = argsOf(pub, `-n -t x ${line}`)
    const address = Object.fromEntries(
      Object.entries({ host, port, unix, transport, username }).filter(([, value]) => value !== undefined),
    )
    expect(address).toEqual(expected)
    expect(args.topic).toBe(topic)
  })

  test('-L adds a topic to sub', () => {
    expect(argsOf(sub, '-t a -L mqtt://h/b/#').topics).toEqual(['a', 'b/#'])
  })
})

describe('GNU syntax', () => {
  test.each([
    ['--topic=a/b -n', { topic: 'a/b' }],
    ['-t t --message=', { message: '' }],
    ['-t t --message=a=b', { message: 'a=b' }],
    ['-t t -n --qos=2', { qos: 2 }],
    ['-t t -nr', { nullMessage: true, retain: true }],
    ['-t t -rdm -5', { retain: true, debug: true, message: '-5' }],
    ['-n -rt t', { retain: true, topic: 't' }],
    ['-t t -n -q1', { qos: 1 }],
    ['-t t -nq2', { nullMessage: true, qos: 2 }],
    ['-t t -n -p1884', { port: 1884 }],
    ['-t t -n -h127.0.0.1', { host: '127.0.0.1' }],
    ['-t t -n --', { topic: 't' }],
  ])('%s', (line, expected) => {
    expect(argsOf(pub, line)).toMatchObject(expected)
  })

  test.each([
    ['-ttopic', "Unknown option '-ttopic'.", "did you mean '--topic'?"],
    ['-topic x', "Unknown option '-topic'.", "did you mean '--topic'?"],
    ['-help', "Unknown option '-help'.", "did you mean '--help'?"],
    ['-host x', "Unknown option '-host'.", "did you mean '--host'?"],
    ['-id x', "Unknown option '-id'.", "did you mean '--id'?"],
    ['-q=1', "Unknown option '-q=1'.", "did you mean '-q'?"],
    ['-rZ', "Unknown option '-rZ'."],
    ['--retain=yes', "Unknown option '--retain=yes'.", "did you mean '--retain'?"],
    ['-', "Unknown option '-'."],
    ["''", "Unknown option ''."],
  ])('%s is refused', (line, message, hint = "see 'mqttx pub --help'") => {
    expect(refusalOf(pub, line)).toEqual({ message, hint })
  })

  test.each([
    ['-- -t', "'-t'"],
    ['-t t -n -- --topic=x', "'--topic=x'"],
    ['-- word', "'word'"],
    ['-- --', "'--'"],
    ["-- ''", "''"],
    ['-- mqtt://me:secret@h/t', "'mqtt://...@h/t'"],
  ])('%s: nothing may follow -- if there are no operands', (line, argument) => {
    expect(refusalOf(pub, line)).toEqual({
      message: `Unexpected argument ${argument} after '--'.`,
      hint: "'--' ends the options, and mqttx pub takes no other arguments: leave it out",
    })
  })
})

describe('an unknown option or argument', () => {
  test.each([
    ['--qso 1', "Unknown option '--qso'.", "did you mean '--qos'?"],
    ['--retian', "Unknown option '--retian'.", "did you mean '--retain'?"],
    ['--max-in-flight 3', "Unknown option '--max-in-flight'.", "did you mean '--max-inflight'?"],
    ['-Q 1', "Unknown option '-Q'.", "did you mean '-q'?"],
    ['-T a', "Unknown option '-T'.", "did you mean '-t'?"],
    ['-Z', "Unknown option '-Z'.", "see 'mqttx pub --help'"],
    ['--unheard-of', "Unknown option '--unheard-of'.", "see 'mqttx pub --help'"],
    // E37: options of other clients, and what an argument without a dash was meant for
    ['--mqtt-version 5', "Unknown option '--mqtt-version'.", "did you mean '--protocol-version'?"],
    ['--mqtt-version=5', "Unknown option '--mqtt-version=5'.", "did you mean '--protocol-version'?"],
    ['--hostname h', "Unknown option '--hostname'.", "did you mean '--host'?"],
    ['--client-id x', "Unknown option '--client-id'.", "did you mean '--id'?"],
    ['--ca x', "Unknown option '--ca'.", "did you mean '--cafile'?"],
    ['-l mqtts', "Unknown option 'mqtts'.", 'the protocol is part of a URL: -L mqtts://HOST/TOPIC'],
    ['home/#', "Unknown option 'home/#'.", "give a topic with -t: -t 'home/#'"],
    ['mqtt://me:secret@h/t', "Unknown option 'mqtt://...@h/t'.", 'give a URL with -L'],
    ['world', "Unknown option 'world'.", "see 'mqttx pub --help'"],
    ['--proxi=socks5h://me:secret@h', "Unknown option '--proxi=socks5h://...@h'.", "did you mean '--proxy'?"],
    ['topic', "Unknown option 'topic'.", "did you mean '--topic'?"],
    ['--retained-only', "Unknown option '--retained-only'.", "see 'mqttx pub --help'"],
  ])('%s', (line, message, hint) => {
    expect(refusalOf(pub, line)).toEqual({ message, hint })
  })

  test('is reported even without an argument', () => {
    expect(refusalOf(pub, '-T').message).toContain("Unknown option '-T'.")
  })

  test('is shown on one line of bounded length', () => {
    expect(refusalOf(pub, ['--a\nb']).message).toContain("'--a\\nb'")
    expect(refusalOf(pub, ['x'.repeat(9999)]).message.length).toBeLessThan(1200)
  })
})

describe('--help and --version', () => {
  test.each([
    ['--help', 'help'],
    ['--version', 'version'],
    ['-t t --help --unheard-of', 'help'],
    ['--version --help', 'version'],
    ['--help all', 'help all'],
    ['--help=all', 'help all'],
    ['-t t --help all --unheard-of', 'help all'],
    ['--help other', 'help'],
    ['--help --version', 'help'],
    ['--version all', 'version'],
  ])('%s', (line, wants) => {
    expect(parse(pub, argvOf(line), nowhere)).toEqual({ wants })
  })

  test('an earlier error takes precedence', () => {
    expect(refusalOf(pub, '-q 3 --help').message).toBe('Invalid QoS given: 3')
  })

  test('may be in the options file', () => {
    expect(parse(pub, [], withFile('--help\n'))).toEqual({ wants: 'help' })
    expect(parse(pub, [], withFile('--help all\n'))).toEqual({ wants: 'help all' })
  })

  test.each(['--help=yes', '--version=all'])('%s is refused', (line) => {
    expect(refusalOf(pub, line).message).toBe(`Unknown option '${line}'.`)
  })
})
