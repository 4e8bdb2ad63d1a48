// -L without a topic: enough where the topic is given otherwise, or none is needed.
import { expect, test } from 'vitest'
import { bench } from '../../src/commands/bench/spec.js'
import { pub } from '../../src/commands/pub/spec.js'
import { rr } from '../../src/commands/rr/spec.js'
import { sub } from '../../src/commands/sub/spec.js'
import { argsOf, refusalOf } from './command-line.js'

const url = '-L mqtt://h:1884'
const missing = 'Invalid URL for -L argument specified - topic missing.'
const expected = { host: 'h', port: 1884 }

test('-t, --json or the command itself has the topic', () => {
  expect(argsOf(pub, `${url} -t t -n`)).toMatchObject({ ...expected, topic: 't' })
  expect(argsOf(pub, `-t t -n ${url}`)).toMatchObject({ ...expected, topic: 't' })
  expect(argsOf(pub, `${url} --json`)).toMatchObject(expected)
  expect(argsOf(sub, `${url} -t t`)).toMatchObject({ ...expected, topics: ['t'] })
  expect(argsOf(rr, `${url} -t t -e r -n`)).toMatchObject({ ...expected, topic: 't' })
  expect(argsOf(bench, `conn ${url}`)).toMatchObject(expected)
  expect(argsOf(bench, `pub ${url}/`)).toMatchObject(expected)
  expect(argsOf(bench, `pub ${url}/a`)).toMatchObject({ ...expected, topic: 'a' })
})

test('without any topic it is refused as the reference does', () => {
  expect(refusalOf(pub, `${url} -n`).message).toBe(missing)
  expect(refusalOf(sub, url).message).toBe(missing)
  expect(refusalOf(rr, `${url} -e r -n`).message).toBe(missing)
})
