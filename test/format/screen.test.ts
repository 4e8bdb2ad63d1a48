// A message cannot control the terminal on which it is printed.
import { expect, test } from 'vitest'
import { ndjson } from '../../src/format/ndjson.js'
import { plain } from '../../src/format/plain.js'
import { onScreen } from '../../src/format/screen.js'
import { compileTemplate, templated } from '../../src/format/template.js'
import { collector, context, message } from './rig.js'

const hostile = message({
  topic: 'a\x1b[2J',
  payload: Buffer.from('line\n\tline\x1b]0;t\x07\xff', 'latin1'),
  properties: { contentType: 'c\u202e', userProperties: { 'n\u009b': 'v\r' } },
})

test.each([
  ['plain', plain({ verbose: true, newline: true }), 'a\\u001b[2J line\n\tline\\u001b]0;t\\u0007\\xff\n'],
  [
    'a format, whose own text passes',
    templated(compileTemplate('\\e[1m%t\\e[m %C %P %5p|'), { ...context(), newline: true }),
    '\x1b[1ma\\u001b[2J\x1b[m c\\u202e n\\u009b:v\\r line\n|\n',
  ],
])('%s', (_, formatter, expected) => {
  const screen = collector()
  onScreen(formatter)(hostile, screen)
  expect(screen.all().toString()).toBe(expected)
})

test('JSON is the same on a terminal and in a pipe', () => {
  const [screen, pipe] = [collector(), collector()]
  const formatter = ndjson(context().clock)
  onScreen(formatter)(hostile, screen)
  formatter(hostile, pipe)
  expect(screen.all()).toEqual(pipe.all())
})
