// --help: 80 columns, examples first, every option, and in one place the exit statuses.
import { describe, expect, test } from 'vitest'
import { bashCompletion } from '../../src/cli/completion/bash.js'
import { fishCompletion } from '../../src/cli/completion/fish.js'
import { zshCompletion } from '../../src/cli/completion/zsh.js'
import { commandHelp, programHelp, programMap } from '../../src/cli/help.js'
import { commandPage } from '../../src/cli/man.js'
import { namesOf } from '../../src/cli/option.js'
import { commands } from '../../src/commands/index.js'
import { program } from '../../src/commands/program.js'
import { exitStatuses } from '../../src/errors.js'

const mqttx = await program(commands)
const completions = [bashCompletion, fishCompletion, zshCompletion]

function tooLong(text: string): string[] {
  return text.split('\n').filter((line) => line.length > 80)
}

describe.each(mqttx.commands)('mqttx $name --help', async (spec) => {
  const help = await commandHelp(spec)

  test('fits into 80 columns', () => expect(tooLong(help)).toEqual([]))

  test('shows usage, summary, examples and options in this order', () => {
    const places = [
      `Usage: mqttx ${spec.name} `,
      spec.summary,
      'Examples:',
      `    $ ${spec.examples[2]?.[1]}`,
      '\nGeneral:',
    ]
    const found = places.map((place) => help.indexOf(place))
    expect(found).not.toContain(-1)
    expect(found).toEqual([...found].sort((a, b) => a - b))
  })

  test('shows every option once, under its names', () => {
    const noLetters = Object.values(spec.options).every((option) => namesOf(option).short === undefined)
    for (const option of Object.values(spec.options).filter(({ unlisted }) => !unlisted)) {
      const { short, long, placeholder } = namesOf(option)
      const names =
        short === undefined
          ? `${noLetters ? '  ' : '      '}${long}`
          : `  ${short}${long === undefined ? '' : `, ${long}`}`
      const shown = placeholder === undefined ? names : `${names} ${placeholder}`
      expect(help.split('\n').filter((line) => line === shown || line.startsWith(`${shown}  `))).toHaveLength(
        1,
      )
    }
  })

  test('E46: an option that is always refused is listed nowhere, nor offered', async () => {
    const unlisted = Object.values(spec.options).filter((option) => option.unlisted)
    const texts = [
      help,
      commandPage(spec, mqttx).replaceAll('\\', ''),
      ...completions.map((print) => print(mqttx)),
    ]
    for (const { long } of unlisted.map(namesOf)) {
      expect(long).toMatch(/^--tls-engine/) // that they are accepted, and explained: transports.test.ts
      for (const text of texts) expect(text).not.toContain(long)
    }
  })

  test('every line of text ends without blanks, the whole in one line feed', () => {
    expect(help).not.toMatch(/ \n/)
    expect(help).toMatch(/[^\n]\n$/)
  })
})

describe('mqttx alone', () => {
  const map = programMap(mqttx)

  test('fits into 80 columns, and on a screen', () => {
    expect(tooLong(map)).toEqual([])
    expect(map.split('\n').length).toBeLessThanOrEqual(25)
  })

  test('shows every command once, with its summary', () => {
    expect(mqttx.map.flatMap(([, names]) => names).sort()).toEqual(
      mqttx.commands.map(({ name }) => name).sort(),
    )
    for (const { name, summary } of mqttx.commands)
      expect(map).toMatch(new RegExp(`^  ${name} +${summary}$`, 'm'))
  })
})

describe('mqttx --help', async () => {
  const help = await programHelp(mqttx)

  test('fits into 80 columns', () => expect(tooLong(help)).toEqual([]))

  test('shows every command with its summary', () => {
    for (const { name, summary } of mqttx.commands) {
      expect(help.split('\n')).toContainEqual(expect.stringMatching(new RegExp(`^  ${name} +${summary}$`)))
    }
  })

  test('shows every exit status', () => {
    const flat = help.replace(/\s+/g, ' ')
    for (const [code, , meaning] of exitStatuses) expect(flat).toContain(` ${code} ${meaning}`)
  })
})
