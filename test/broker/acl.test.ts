// --acl-file: mosquitto's format and meaning.
import { describe, expect, test } from 'vitest'
import { parseAccessList } from '../../src/broker/acl.js'

const list = parseAccessList(
  `# before the first user: for clients without a user name
topic read public/#
topic write in box

user ada
topic home/#
topic deny home/secret
topic read $SYS/#
user bob
topic readwrite  a b/c

pattern write clients/%c/up
pattern read users/%u/#
pattern deny users/%u/none
`,
  'acl',
)

const nobody = { clientId: 'x', user: undefined }
const ada = { clientId: 'c1', user: 'ada' }
const bob = { clientId: 'c2', user: 'bob' }

test.each([
  [nobody, 'receive', 'public/a', true],
  [nobody, 'publish', 'public/a', false],
  [nobody, 'publish', 'in box', true],
  [nobody, 'publish', 'home/a', false],
  [nobody, 'receive', '$SYS/a', false],
  [nobody, 'publish', 'clients/x/up', true],
  [nobody, 'receive', 'users//a', false],
  [ada, 'receive', 'public/a', false],
  [ada, 'publish', 'home/a', true],
  [ada, 'receive', 'home/a', true],
  [ada, 'publish', 'home/secret', false],
  [ada, 'receive', '$SYS/broker/uptime', true],
  [ada, 'publish', 'clients/c1/up', true],
  [ada, 'publish', 'clients/c2/up', false],
  [ada, 'receive', 'users/ada/a', true],
  [ada, 'receive', 'users/ada/none', false],
  [ada, 'publish', 'users/ada/a', false],
  [bob, 'publish', 'a b/c', true],
  [bob, 'subscribe', 'anything', true],
  [{ clientId: '#', user: 'bob' }, 'receive', 'users/bob/a', false],
  [{ clientId: 'c', user: '+' }, 'receive', 'users/ada/a', false],
  [{ clientId: 'c', user: '' }, 'receive', 'public/a', false],
] as const)('%o may %s %s: %s', (client, action, topic, expected) => {
  expect(list.allows(client, action, topic)).toBe(expected)
})

describe('what is no list is an error that names the line', () => {
  test.each([
    ['topics a', "acl, line 1: 'topics' is no keyword"],
    ['topic', 'acl, line 1: it names no topic'],
    ['\nuser', 'acl, line 2: it names no user'],
    ['topic a b', "acl, line 1: 'a' is no kind of access"],
    ['topic read a#', "acl, line 1: invalid Topic Filter 'a#': # is not alone in its level"],
  ])('%j', (text, message) => {
    expect(() => parseAccessList(text, 'acl')).toThrow(message)
  })
})
