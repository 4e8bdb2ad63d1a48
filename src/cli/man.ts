// Manual pages, in man macros that both groff and mandoc understand.
import { exitStatuses } from '../errors.js'
import { manualSections, programSections, type Section } from './manual.js'
import { type AnySpec, namesOf, type Options, type Program } from './option.js'
import { defaultOf, groupsOf, pieces, wrapped } from './prose.js'

/** The date of the pages: that of the last relevant change. */
const date = '2026-11-21'

const refusals = `If the server refuses the connection, the status is the code in its CONNACK: 1 to 5 before MQTT 5, in
MQTT 5 the Reason Code, 128 and above.`

export function commandPage(spec: AnySpec, program: Program): string {
  const others = program.commands.filter(({ name }) => name !== spec.name).map(({ name }) => `mqttx-${name}`)
  const name = `mqttx-${spec.name}`
  return page(name, [
    `.SH NAME\n${escaped(name)} \\- ${escaped(asFragment(spec.summary))}`,
    `.SH SYNOPSIS\n${spec.synopsis.map((form) => synopsis(`mqttx ${spec.name}`, form)).join('\n.br\n')}`,
    `.SH DESCRIPTION\n${paragraphs(spec.description, spec.options)}`,
    `.SH EXAMPLES\n${examples(spec.examples)}`,
    optionSections(spec.options),
    ...manualSections(spec).map((about) => section(about, spec.options)),
    exitStatus(),
    seeAlso(['mqttx', ...others]),
  ])
}

export function programPage(program: Program): string {
  const list = program.commands.map(({ name, summary }) => row(reference(`mqttx-${name}`), escaped(summary)))
  const forms = program.options.map(([form, help]) => row(`\\fBmqttx ${escaped(form)}\\fR`, escaped(help)))
  return page(program.name, [
    `.SH NAME\n${program.name} \\- ${escaped(asFragment(program.summary))}`,
    `.SH SYNOPSIS\n${synopsis('mqttx', 'COMMAND [OPTION]...')}`,
    `.SH DESCRIPTION\nEach command has its own manual page and its own options:\n${list.join('\n')}`,
    `.PP\nInstead of a command:\n${forms.join('\n')}`,
    `.SH EXAMPLES\n${examples(program.examples)}`,
    ...programSections.map((about) => section(about, {})),
    exitStatus(),
    `${seeAlso(program.commands.map(({ name }) => `mqttx-${name}`))},\n${reference('mqttx-cookbook', 7)}`,
  ])
}

function section({ title, text, rows = [] }: Section, options: Options): string {
  const list = rows.map(([term, meaning]) => row(`\\fB${escaped(term)}\\fR`, prose(meaning, options)))
  const lead = text.length === 0 ? [] : [paragraphs(text, options)]
  return [`.SH ${title}`, ...lead, ...list].join('\n')
}

function page(name: string, sections: readonly string[]): string {
  return titled(name, '1', 'User Commands', sections)
}

/** A page of a section of the manual, which is called `volume`. */
export function titled(name: string, part: string, volume: string, sections: readonly string[]): string {
  const title = `.TH ${name.toUpperCase()} ${part} ${date} mqttx "${volume}"`
  return `.\\" Printed by npm run docs.\n${[title, ...sections].join('\n')}\n`
}

function optionSections(options: Options): string {
  const parts = ['.SH OPTIONS']
  for (const [group, members] of groupsOf(options)) {
    parts.push(`.SS ${group}`, ...members.map((option) => row(flags(option), about(option, options))))
  }
  return parts.join('\n')
}

function flags(option: Options[string]): string {
  const { short, long, placeholder } = namesOf(option)
  const names = [short, long].filter((name) => name !== undefined).map((name) => `\\fB${escaped(name)}\\fR`)
  return `${names.join(', ')}${placeholder === undefined ? '' : ` \\fI${escaped(placeholder)}\\fR`}`
}

function about(option: Options[string], options: Options): string {
  const shown = defaultOf(option)
  const sentences = [escaped(option.help)]
  if (option.doc !== undefined) sentences.push(prose(option.doc, options))
  if (shown !== undefined) sentences.push(`Default: ${escaped(shown)}.`)
  return sentences.join('\n')
}

function exitStatus(): string {
  return `.SH EXIT STATUS\n${statuses()}\n.PP\n${filled(escaped(refusals))}\nSee ${reference('mqttx-exit-status', 7)}.`
}

function statuses(): string {
  return exitStatuses.map(([code, , meaning]) => row(String(code), filled(escaped(meaning)))).join('\n')
}

function examples(rows: Program['examples']): string {
  return rows
    .map(([purpose, line]) => `${escaped(purpose)}:\n.PP\n.RS 4\n\\fB${escaped(line)}\\fR\n.RE`)
    .join('\n.PP\n')
}

export function row(term: string, meaning: string): string {
  return `.TP\n${term}\n${meaning}`
}

function paragraphs(texts: readonly string[], options: Options): string {
  return texts.map((text) => prose(text, options)).join('\n.PP\n')
}

function prose(text: string, options: Options): string {
  const marked = pieces(text, options).map((piece) => {
    return piece.kind === 'text' ? escaped(piece.text) : `\\fB${escaped(piece.text)}\\fR`
  })
  return filled(marked.join(''))
}

/** Breaks text into source lines; each sentence starts a line, as the macros expect. */
export function filled(text: string): string {
  const sentences = text.replace(/\s+/g, ' ').replace(/([.:?!]) (?=[A-Z\\])/g, '$1\n')
  const lines = sentences.split('\n').flatMap((sentence) => wrapped(sentence, 78).split('\n'))
  return lines.map((line) => line.replace(/^\./, '\\&.')).join('\n')
}

function synopsis(command: string, form: string): string {
  return `\\fB${escaped(command)}\\fR ${escaped(form)}`
}

function seeAlso(names: readonly string[]): string {
  const all = [...names.map((name) => reference(name)), reference('mqttx-exit-status', 7)]
  return `.SH SEE ALSO\n${all.join(',\n')}`
}

export function reference(name: string, part = 1): string {
  return `\\fB${escaped(name)}\\fR(${part})`
}

/** `Publish messages.` as in the NAME section: without the capital and the full stop. */
function asFragment(sentence: string): string {
  const text = sentence.replace(/\.$/, '')
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text
}

export function escaped(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll("'", '\\(aq')
    .replaceAll('`', '\\(ga')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll('"', '\\(dq')
}
