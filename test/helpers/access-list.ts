// Generated access control lists of mosquitto, with users and topics that they are about.
import type { Dice } from './dice.js'

/** undefined: without a user name. */
export const users = [undefined, 'ada', 'bob', 'c1']
export const topics = [
  'x',
  'x/a',
  'x/b',
  'x/a/b',
  'x/ada',
  'x/ada/a',
  'x/c1',
  'x/c1/b',
  'x//a',
  'x/a b',
  'x/%u',
  'y/a',
]
const levels = ['a', 'b', '+', '%u', '%c', 'ada', 'c1', '', 'a b']

export function accessList(dice: Dice): string {
  const upTo = (most: number): number => dice.below(most + 1)
  const filter = (): string => {
    const parts = ['x', ...Array.from({ length: upTo(2) }, () => dice.of(levels))]
    return [...parts, ...(upTo(3) === 0 ? ['#'] : [])].join('/')
  }
  const entry = (keyword: string): string =>
    `${keyword} ${dice.of(['read ', 'write ', 'readwrite ', 'deny ', 'read ', 'write '])}${filter()}`
  const lines: string[] = []
  for (let i = upTo(3); i > 0; i--) lines.push(entry('topic'))
  for (const user of ['ada', 'bob', 'c1', 'ada']) {
    if (upTo(3) === 0) continue
    lines.push(`user ${user}`)
    for (let i = upTo(4); i > 0; i--) lines.push(entry(upTo(4) === 0 ? 'pattern' : 'topic'))
  }
  for (let i = upTo(3); i > 0; i--) lines.push(entry('pattern'))
  return lines.join('\n')
}
