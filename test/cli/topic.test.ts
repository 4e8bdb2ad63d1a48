// Topic Names and Topic Filters (MQTT 3.1.1, 4.7), and hints that name the position of the fault.
import { describe, expect, test } from 'vitest'
import { topicFilter, topicName } from '../../src/cli/topic.js'
import { UsageError } from '../../src/errors.js'

function hintOf(action: () => unknown): string | undefined {
  try {
    action()
  } catch (error) {
    if (error instanceof UsageError) return error.hint
    throw error
  }
  return 'accepted'
}

const filter = (text: string) => hintOf(() => topicFilter('subscription')(text, '-t'))
const name = (text: string) => hintOf(() => topicName('publish')(text, '-t'))

describe('a Topic Filter', () => {
  test.each([
    '#',
    '+',
    '+/+',
    'a/#',
    '/',
    '//',
    '/+',
    '+/',
    '+/#',
    'a//b',
    ' ',
    'a b',
    '$SYS/#',
    '$share/g/a/#',
    'é/💡',
  ])('%j is valid', (text) => expect(filter(text)).toBe('accepted'))

  test.each([
    ['', 'it is empty'],
    ['a/#/b', "'#' at character 3 must be the last level"],
    ['#/', "'#' at character 1 must be the last level"],
    ['a#', "'#' at character 2 must be alone in its level"],
    ['a/b#', "'#' at character 4 must be alone in its level"],
    ['a/#b', "'#' at character 3 must be alone in its level"],
    ['##', "'#' at character 1 must be alone in its level"],
    ['a+', "'+' at character 2 must be alone in its level"],
    ['a/+b/c', "'+' at character 3 must be alone in its level"],
    ['++', "'+' at character 1 must be alone in its level"],
    ['💡/a+', "'+' at character 4 must be alone in its level"],
    ['a\u0000b', 'U+0000 at character 2 is not allowed'],
    ['💡\u0007', 'U+0007 at character 2 is not allowed'],
  ])('%j is invalid: %s', (text, hint) => expect(filter(text)).toBe(hint))

  test('has at most 65535 bytes of UTF-8', () => {
    expect(filter('x'.repeat(65_535))).toBe('accepted')
    expect(filter('x'.repeat(65_536))).toBe('it is 65536 bytes long, the limit is 65535')
    expect(filter('é'.repeat(32_768))).toBe('it is 65536 bytes long, the limit is 65535')
  })

  test("has at most 200 '/'", () => {
    expect(filter('/'.repeat(200))).toBe('accepted')
    expect(filter('/'.repeat(201))).toBe("it has 201 '/', the limit is 200")
  })
})

describe('a Topic Name', () => {
  test.each(['a', '/', 'a/b', '$SYS/x', ' ', 'é/💡', '-x'])('%j is valid', (text) =>
    expect(name(text)).toBe('accepted'),
  )

  test.each([
    ['', 'it is empty'],
    ['a/#', "'#' at character 3 is a wildcard, allowed only in a subscription"],
    ['💡+', "'+' at character 2 is a wildcard, allowed only in a subscription"],
    ['/'.repeat(201), "it has 201 '/', the limit is 200"],
    ['x'.repeat(65_536), 'it is 65536 bytes long, the limit is 65535'],
  ])('%j is invalid', (text, hint) => expect(name(text)).toBe(hint))
})

test('an error text shows a long topic cut', () => {
  expect(() => topicName('publish')('x'.repeat(70_000), '-t')).toThrow(/^.{0,1200}$/)
})
