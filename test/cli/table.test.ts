// Checks that apply to every option of every command.
import { describe, expect, test } from 'vitest'
import { manualSections } from '../../src/cli/manual.js'
import { namesOf } from '../../src/cli/option.js'
import { references } from '../../src/cli/prose.js'
import { commands } from '../../src/commands/index.js'
import { program } from '../../src/commands/program.js'

const { commands: specs } = await program(commands)

test('the commands have the same names as their specs', () => {
  expect(commands.map(({ name }) => name)).toEqual(specs.map(({ name }) => name))
})

describe.each(specs)('mqttx $name', (spec) => {
  const options = Object.entries(spec.options)

  test.each(options)('%s is documented', (_, option) => {
    expect(option.help).toMatch(/^[A-Z].{0,66}\.$/)
    expect(option.help).not.toMatch(/\{\w+\}|`/)
    for (const other of references(option.doc)) expect(spec.options).toHaveProperty(other)
  })

  test.each(options)('%s has names that can be typed', (_, option) => {
    expect(option.flags).toMatch(
      /^(-[A-Za-z]|--[a-z][a-z\d-]+|-[A-Za-z], --[a-z][a-z\d-]+)(( [A-Z]+)*|( [A-Z]+=[A-Z]+))$/,
    )
  })

  test.each(options)('%s has a placeholder if and only if it takes an argument', (_, option) => {
    const { placeholder, long } = namesOf(option)
    expect(placeholder !== undefined).toBe(option.parse !== undefined)
    if (placeholder !== undefined) expect(long, 'an option with an argument needs a long name').toBeDefined()
  })

  test.each(options)('%s accepts its choices', (_, option) => {
    for (const choice of option.choices ?? []) option.parse?.(String(choice), '')
  })

  test.each(options)('%s accepts its default', (_, option) => {
    const { parse, shownDefault, default: value } = option
    if (parse === undefined || shownDefault !== undefined || value === undefined || option.many) return
    expect(parse(String(value), '')).toEqual(value)
  })

  test('option names are unique', () => {
    const names = options.flatMap(([, option]) => [namesOf(option).short, namesOf(option).long])
    const given = names.filter((name) => name !== undefined)
    expect(given).toEqual([...new Set(given)])
  })

  test('exclusive options exist', () => {
    for (const key of spec.exclusive.flatMap((exclusive) => exclusive.options)) {
      expect(spec.options).toHaveProperty(key)
    }
  })

  test('the manual refers to options that exist', () => {
    const sections = manualSections(spec).flatMap(({ text, rows = [] }) => [...text, ...rows.flat()])
    for (const key of [...spec.description, ...sections].flatMap(references)) {
      expect(spec.options).toHaveProperty(key)
    }
  })

  test('has a summary, a synopsis, and three examples that fit on a line', () => {
    expect(spec.summary).toMatch(/^[A-Z].{0,60}\.$/)
    expect(spec.synopsis.length).toBeGreaterThan(0)
    expect(spec.examples).toHaveLength(3)
    for (const [purpose, line] of spec.examples) {
      expect(purpose).toMatch(/^[A-Z].{0,70}[^.]$/)
      expect(line.length).toBeLessThanOrEqual(70)
      expect(line).toContain(`mqttx ${spec.name}`)
    }
  })
})
