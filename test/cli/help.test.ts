// --help: the common options on one screen; --help all: every option, and the exit statuses.
import { describe, expect, test } from 'vitest'
import { bashCompletion } from '../../src/cli/completion/bash.js'
import { fishCompletion } from '../../src/cli/completion/fish.js'
import { zshCompletion } from '../../src/cli/completion/zsh.js'
import { commandHelp, programHelp, programOverview } from '../../src/cli/help.js'
import { commandPage } from '../../src/cli/man.js'
import { namesOf } from '../../src/cli/option.js'
import { commands } from '../../src/commands/index.js'
import { program } from '../../src/commands/program.js'
import { exitStatuses } from '../../src/errors.js'

const mqttx = await program(commands)
const completions = [bashCompletion, fishCompletion, zshCompletion]

const screen = 40

function tooLong(text: string, columns = 80): string[] {
  return text.split('\n').filter((line) => line.length > columns)
}

/** The first line of an option in help; `aligned`: other options have a short name. */
function shownOption({ flags }: { readonly flags: string }, aligned: boolean): string {
  const { short, long, placeholder } = namesOf({ flags })
  const names =
    short === undefined
      ? `${aligned ? '      ' : '  '}${long}`
      : `  ${short}${long === undefined ? '' : `, ${long}`}`
  return placeholder === undefined ? names : `${names} ${placeholder}`
}

const linesWith = (help: string, shown: string) =>
  help.split('\n').filter((line) => line === shown || line.startsWith(`${shown}  `))

describe.each(mqttx.commands)('mqttx $name --help', async (spec) => {
  const help = await commandHelp(spec)
  const common = spec.common.map((key) => spec.options[key])

  test('lists options that exist, each once and not unlisted', () => {
    expect(common).not.toContain(undefined)
    expect(new Set(spec.common).size).toBe(common.length)
    for (const option of common) expect(option?.unlisted).toBeUndefined()
  })

  test(`fits on a screen of 80 columns and ${screen} lines`, () => {
    expect(tooLong(help)).toEqual([])
    expect(help.trimEnd().split('\n').length).toBeLessThanOrEqual(screen)
  })

  test('shows exactly the common options', () => {
    const aligned = common.some((option) => namesOf(option!).short !== undefined)
    for (const option of common) expect(linesWith(help, shownOption(option!, aligned))).toHaveLength(1)
    expect(help.split('\n').filter((line) => /^ {2,6}-/.test(line))).toHaveLength(common.length)
  })

  test('shows usage, summary and examples, and where to find the rest', () => {
    for (const part of [`Usage: mqttx ${spec.name} `, spec.summary, `    $ ${spec.examples[2]?.[1]}`])
      expect(help).toContain(part)
    expect(help).toMatch(
      new RegExp(`\nAll options: mqttx ${spec.name} --help all\\. Manual: man mqttx-${spec.name}\\.\n$`),
    )
  })

  test('is as wide as the terminal, up to 100 columns', async () => {
    const [wide, wider, narrow] = await Promise.all(
      [100, 200, 70].map((columns) => commandHelp(spec, { columns })),
    )
    expect(tooLong(wide!, 100)).toEqual([])
    expect(wider).toBe(wide)
    expect(wide!.split('\n').length).toBeLessThanOrEqual(help.split('\n').length)
    expect(narrow!.split('\n').length).toBeGreaterThanOrEqual(help.split('\n').length)
  })
})

describe.each(mqttx.commands)('mqttx $name --help all', async (spec) => {
  const help = await commandHelp(spec, { all: true })

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
    const aligned = Object.values(spec.options).some((option) => namesOf(option).short !== undefined)
    for (const option of Object.values(spec.options).filter(({ unlisted }) => !unlisted))
      expect(linesWith(help, shownOption(option, aligned))).toHaveLength(1)
  })

  test('E46: options that are always refused are not in the documents and completions', async () => {
    const unlisted = Object.values(spec.options).filter((option) => option.unlisted)
    const texts = [
      help,
      commandPage(spec, mqttx).replaceAll('\\', ''),
      ...completions.map((print) => print(mqttx)),
    ]
    for (const { long } of unlisted.map(namesOf)) {
      expect(long).toMatch(/^--tls-engine/) // transports.test.ts tests their errors
      for (const text of texts) expect(text).not.toContain(long)
    }
  })

  test('no line ends with blanks, and the text ends with one line feed', () => {
    expect(help).not.toMatch(/ \n/)
    expect(help).toMatch(/[^\n]\n$/)
  })
})

describe('mqttx without arguments', () => {
  const overview = programOverview(mqttx)

  test('fits on a screen of 80 columns and 25 lines', () => {
    expect(tooLong(overview)).toEqual([])
    expect(overview.split('\n').length).toBeLessThanOrEqual(25)
  })

  test('shows every command once, with its summary', () => {
    expect(mqttx.map.flatMap(([, names]) => names).sort()).toEqual(
      mqttx.commands.map(({ name }) => name).sort(),
    )
    for (const { name, summary } of mqttx.commands)
      expect(overview).toMatch(new RegExp(`^  ${name} +${summary}$`, 'm'))
  })
})

describe('mqttx --help', async () => {
  const help = await programHelp(mqttx)
  const all = await programHelp(mqttx, { all: true })

  test(`fits on a screen of 80 columns and ${screen} lines; with all into 80 columns`, () => {
    expect(tooLong(help)).toEqual([])
    expect(tooLong(all)).toEqual([])
    expect(help.trimEnd().split('\n').length).toBeLessThanOrEqual(screen)
  })

  test('shows every command with its summary', () => {
    for (const { name, summary } of mqttx.commands) {
      expect(help.split('\n')).toContainEqual(expect.stringMatching(new RegExp(`^  ${name} +${summary}$`)))
    }
  })

  test('with all shows every exit status', () => {
    const flat = all.replace(/\s+/g, ' ')
    for (const [code, , meaning] of exitStatuses) expect(flat).toContain(` ${code} ${meaning}`)
  })
})
