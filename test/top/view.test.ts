// The screen of `mqttx top`: golden screens at two sizes, and what each key does.
import { describe, expect, test } from 'vitest'
import { asciiMarks, plainStyle, type Style, utf8Marks } from '../../src/top/columns.js'
import { firstNode } from '../../src/top/nodes.js'
import type { TopicTree } from '../../src/top/topic-tree.js'
import { type Status, TopView, type ViewOptions } from '../../src/top/view.js'
import { displayWidth } from '../../src/width.js'
import { emptyTree, house, limits, send } from './rig.js'

const status: Status = { server: 'localhost', filters: ['#'], state: '', ratio: 1, isBehind: false }
const order = { key: 'rate', reverse: false } as const

function viewOf(tree: TopicTree, options: Partial<ViewOptions> = {}, timeMs = 60_000): TopView {
  const view = new TopView(tree, { view: 'tree', order, style: plainStyle, marks: utf8Marks, ...options })
  view.lines(80, 24, status)
  view.refresh(timeMs)
  return view
}

const press = (view: TopView, ...keys: string[]) => keys.map((key) => view.key(key))
const screen = (view: TopView, columns = 80, rows = 24, more: Partial<Status> = {}) =>
  view.lines(columns, rows, { ...status, ...more })
/** The names of the rows, without figures. */
const names = (view: TopView, columns = 80, rows = 40) =>
  screen(view, columns, rows)
    .slice(2, -1)
    .map((line) => line.slice(39).trimEnd())
    .filter((name) => name !== '')
const selected = (view: TopView) =>
  screen(view)
    .find((line) => line.startsWith('>'))
    ?.slice(39)
    .trim()

describe('golden screens', () => {
  test.each<[string, number, number, string[], Partial<ViewOptions>]>([
    ['80x24, tree', 80, 24, [], {}],
    ['140x40, tree', 140, 40, [], {}],
    ['80x24, two levels folded', 80, 24, ['-', 'enter', 'down', 'down'], {}],
    ['80x24, list by silence', 80, 24, ['t', '4'], {}],
    ['80x24, help', 80, 24, ['?'], {}],
    ['80x24, a text is being typed', 80, 24, ['/', 'r', 'o', 'o', 'm'], {}],
    ['40x8, ASCII', 40, 8, ['down'], { marks: asciiMarks }],
  ])('%s', (_, columns, rows, keys, options) => {
    const view = viewOf(house(), options)
    view.lines(columns, rows, status)
    press(view, ...keys)
    expect(`\n${screen(view, columns, rows).join('\n')}\n`).toMatchSnapshot()
  })
})

describe('every screen', () => {
  const tree = house()
  const all = [1, 2, 3, 5, 10, 23, 39, 40, 57, 64, 72, 80, 110, 140, 300]
  test.each(all)('of %i columns fits, at any height and in each state', (columns) => {
    for (const keys of [[], ['t'], ['?'], ['/', 'x'], ['!'], ['+', 'end']])
      for (const rows of [1, 2, 3, 4, 24]) {
        const view = viewOf(tree)
        press(view, ...keys)
        const lines = screen(view, columns, rows, { state: 'NOT CONNECTED: gone', ratio: 4, isBehind: true })
        expect(lines).toHaveLength(rows)
        for (const line of lines) expect(displayWidth(line), line).toBeLessThanOrEqual(columns)
        expect(lines.join('')).not.toMatch(/[\x00-\x1f\x7f\u202e]/)
      }
  })

  test('a style changes no width, and a selected row has one style', () => {
    const mark = (name: string) => (text: string) => `\x1b[${name}m${text}\x1b[0m`
    const style: Style = {
      ...{ heading: mark('1'), selected: mark('7'), level: mark('36'), silent: mark('33'), faint: mark('2') },
    }
    const coloured = screen(viewOf(tree, { style }), 140, 40)
    const plain = screen(viewOf(tree), 140, 40)
    expect(coloured.map((line) => line.replace(/\x1b\[\d+m/g, ''))).toEqual(plain)
    expect(coloured.filter((line) => line.includes('\x1b[7m'))).toEqual([
      expect.stringMatching(/^\x1b\[7m[^\x1b]*\x1b\[0m$/),
    ])
    expect(coloured.some((line) => line.includes('\x1b[33m'))).toBe(true)
    expect(coloured.filter((line) => line.includes('\x1b[36m')).length).toBeGreaterThan(2) // levels
    const overfull = house({ limits: { ...limits, topics: 3 } })
    const others = screen(viewOf(overfull, { style })).find((line) => line.includes('(other topics)'))
    expect(others).toMatch(/\x1b\[2m +\(other topics\)\x1b\[0m$/)
  })

  test('says what is not as usual', () => {
    const view = viewOf(tree)
    const [title] = screen(view, 200, 24, { state: 'NOT CONNECTED: gone', ratio: 4, isBehind: true })
    expect(title).toMatch(/^localhost {2}NOT CONNECTED: gone {2}SAMPLED 1\/4 {2}BEHIND/)
    view.warn('Warning: \x1b[31mred')
    expect(screen(view).at(-1)).toBe('Warning: \\u001b[31mred')
    press(view, 'down')
    expect(screen(view).at(-1)).not.toContain('Warning')
  })

  test('without messages', () => {
    expect(screen(viewOf(emptyTree()))[2]).toBe(' No messages yet.')
    const tree = emptyTree()
    send(tree, 'a', 0)
    const view = viewOf(tree, {}, 1000)
    press(view, '!')
    expect(screen(view)[2]).toBe(' No silent topics.')
    press(view, '/', 'z', 'enter')
    expect(screen(view)[2]).toBe(' No such topics.')
  })
})

describe('unfolding', () => {
  test('goes as deep as fits, until a key folds or unfolds', () => {
    const tree = emptyTree()
    for (let i = 0; i < 30; i++) for (let j = 0; j < 3; j++) send(tree, `a/b${i}/c${j}`, 0)
    const view = viewOf(tree)
    expect(names(view, 80, 24)).toEqual(['▸ a/'])
    expect(names(view, 80, 40)[0]).toBe('▾ a/')
    screen(view, 80, 200)
    view.refresh(60_000)
    expect(names(view, 80, 200)).toHaveLength(1 + 30 + 90)
    screen(view, 80, 24)
    press(view, 'enter')
    expect(names(view, 80, 24)).toHaveLength(21)
    view.refresh(61_000)
    expect(names(view, 80, 24)).toHaveLength(21)
  })

  test('a level shows its first 1,000 by the order, and how many more there are; others come last', () => {
    const tree = emptyTree({ limits: { topics: 1500, nodes: 1600, nameBytes: 100_000 } })
    for (let i = 0; i < 1600; i++) for (let n = 0; n < (i === 1400 ? 2 : 1); n++) send(tree, `a/t${i}`, 0)
    const view = viewOf(tree)
    press(view, '+', 'down')
    expect(selected(view)).toBe('t1400')
    press(view, 'end')
    expect(names(view, 80, 24).slice(-2)).toEqual(['    and 500 more', '  (other topics)'])
    press(view, 't', 'end')
    expect(names(view, 80, 24).slice(-2)).toEqual(['  and 500 more', '(other topics)'])
  })
})

describe('keys', () => {
  test.each<[string, string[], string]>([
    ['down', ['down'], 'power/'],
    ['j and k', ['j', 'j', 'k'], 'power/'],
    ['end, and up', ['end', 'up'], 'garden/'],
    ['page down and page up', ['page down', 'page up'], 'home/'],
    ['home', ['end', 'home'], 'home/'],
    ['left: folds', ['down', 'left'], 'power/'],
    ['left: goes to the level above', ['down', 'down', 'left'], 'power/'],
    ['left on a folded level: goes to the level above', ['down', 'left', 'left'], 'home/'],
    ['right: unfolds', ['down', 'left', 'right', 'down'], 'meter'],
    ['enter: folds', ['down', 'enter', 'down'], 'room2/'],
    ['-: folds all', ['end', '-'], 'garden/'],
  ])('%s', (_, keys, expected) => {
    const view = viewOf(house())
    screen(view, 80, 40)
    view.refresh(60_000)
    press(view, ...keys)
    expect(
      screen(view, 80, 40)
        .find((line) => line.startsWith('>'))
        ?.slice(39)
        .replace(/[▸▾]/, '')
        .trim(),
    ).toBe(expected)
  })

  test.each<[string, string[], string[]]>([
    ['1: rate', ['1'], ['home/power/meter', 'home/room2/temperature']],
    ['2: bytes', ['2'], ['home/camera', 'home/power/meter']],
    ['3: count', ['3'], ['home/power/meter', 'garden/pump']],
    ['4: silence', ['4'], ['garden/pump', 'home/\\u001b[31mred\\u001b[0m\\u202e']],
    ['5: name', ['5'], ['garden/pump', 'home/\\u001b[31mred\\u001b[0m\\u202e']],
    ['s: the next key', ['s'], ['home/camera', 'home/power/meter']],
    ['i: the other way round', ['5', 'i'], ['家/温度', expect.stringMatching(/^long\/x+\.\.\.$/)]],
    ['/: text, in any case', ['/', 'P', 'o', 'w', 'enter'], ['home/power/meter']],
    ['/: backspace', ['/', 'p', 'x', 'backspace', 'u', 'enter'], ['garden/pump']],
    ['/: keys that are no text', ['/', 'p', 'u', 'up', 'page down', 'tab', 'enter'], ['garden/pump']],
    ['/: ctrl-u', ['/', 'p', 'u', 'ctrl-u', 'p', 'o', 'w', 'enter'], ['home/power/meter']],
    ['/: escape shows all', ['/', 'z', 'escape', '5'], ['garden/pump', expect.anything()]],
    ['escape after a text shows all', ['/', 'z', 'enter', 'escape', '5'], ['garden/pump', expect.anything()]],
    ['!: silent topics', ['!'], ['garden/pump']],
    ['! twice', ['!', '!', '5'], ['garden/pump', expect.anything()]],
  ])('%s', (_, keys, expected) => {
    const view = viewOf(house(), { view: 'list' })
    press(view, ...keys)
    expect(names(view).slice(0, expected.length > 1 ? 2 : 99)).toEqual(expected)
  })

  test('a text in the tree shows the levels above, also for topics that come later', () => {
    const tree = house()
    const view = viewOf(tree)
    press(view, '/', ...'humid', 'enter', '5')
    const found = [
      '▾ home/',
      '  ▾ room0/',
      '      humidity',
      '  ▾ room1/',
      '      humidity',
      '  ▾ room2/',
      '      humidity',
    ]
    expect(names(view)).toEqual(found)
    send(tree, 'home/room9/humidity', 60_000)
    send(tree, 'home/room9/temperature', 60_000)
    view.refresh(61_000)
    expect(names(view)).toEqual([...found, '  ▾ room9/', '      humidity'])
  })

  test('the selected topic stays selected when the order changes; the first row stays the first', () => {
    const tree = house()
    const view = viewOf(tree, { view: 'list' })
    expect(selected(view)).toBe('home/power/meter')
    press(view, '5')
    expect(selected(view)).toBe('garden/pump')
    press(view, 'down', 'down', 'i')
    expect(selected(view)).toBe('home/camera')
  })

  test('space: the screen stands still, counting goes on', () => {
    const tree = house()
    const view = viewOf(tree)
    press(view, ' ')
    const before = screen(view)
    expect(before[0]).toContain('PAUSED')
    view.refresh(90_000)
    expect(screen(view).slice(1)).toEqual(before.slice(1))
    press(view, ' ')
    view.refresh(90_000)
    expect(screen(view)[0]).toContain('0:01:30')
  })

  test.each<[string, string[], ReturnType<TopView['key']>]>([
    ['q', ['q'], 'quit'],
    ['Ctrl-C, also while a text is typed', ['/', 'ctrl-c'], 'quit'],
    ['q in a text is a letter', ['/', 'q'], undefined],
    ['any key after the help only closes it', ['?', 'q'], undefined],
    ['r', ['r'], 'reset'],
    ['Ctrl-Z', ['ctrl-z'], 'suspend'],
    ['Ctrl-\\', ['ctrl-\\'], 'core'],
    ['an unknown key', ['x'], undefined],
    ['9', ['9'], undefined],
  ])('%s', (_, keys, expected) => {
    expect(press(viewOf(house()), ...keys).at(-1)).toBe(expected)
  })

  test.each(['enter', 'left', 'right', 'down', 'end', '+', 'i', '/', '!'])('%s without topics', (key) => {
    const view = viewOf(emptyTree())
    press(view, key, 'x', 'enter')
    expect(screen(view)).toHaveLength(24)
  })
})

test('what remains at the end: no selection, no keys, one line less', () => {
  const view = viewOf(house())
  const lines = view.lastLines(80, 23, status)
  expect(lines.length).toBeLessThanOrEqual(23)
  expect(lines.some((line) => line.startsWith('>') || line.includes('q quit'))).toBe(false)
  expect(lines.join('\n')).toContain('meter')
})

test('a text of 300 characters is cut to 256', () => {
  const view = viewOf(house())
  press(view, '/', ...'y'.repeat(300))
  expect(screen(view, 400, 24).at(-1)).toMatch(/^\/y{256}_/)
  expect(firstNode).toBe(2)
})
