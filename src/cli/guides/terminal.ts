// A guide as text for the terminal: `mqttx help TOPIC`.
import { wrapped } from '../prose.js'
import { fitted } from './code.js'
import { type Block, described, type Guide, type Inline, type Text } from './guide.js'

/** Lines longer than this are hard to read, however wide the terminal is. */
const widest = 100

/** The style of parts of the text; each takes text and returns it with or without colours. */
export interface Style {
  heading(text: string): string
  code(text: string): string
}

/** The guide in lines of at most `columns` columns, and never more than 100. Styles do not count as columns. */
export function guideText({ title, body }: Guide, columns: number, style: Style): string {
  const width = Math.min(columns, widest)
  return `${[style.heading(title), ...body.map((block) => printed(block, width, style))].join('\n\n')}\n`
}

/** The topics, for `mqttx help`. */
export function topicList(guides: readonly Guide[]): string {
  const room = Math.max(...guides.map(({ topic }) => topic.length)) + 2
  const rows = guides.map(({ topic, title }) => `  ${topic.padEnd(room)}${title}`)
  return ['Guides (mqttx help TOPIC):', ...rows].join('\n')
}

function printed(block: Block, width: number, style: Style): string {
  switch (block.type) {
    case 'heading':
      return style.heading(block.text)
    case 'paragraph':
      return wrapped(plain(block.text), width)
    case 'code':
      return fitted(block.text, block.language, width - 4)
        .map((line) => (line === '' ? '' : `    ${style.code(line)}`))
        .join('\n')
    case 'list':
      return block.items.map((item) => indented(`- ${plain(item)}`, width, 2)).join('\n')
    case 'table':
      return table(block.header, block.rows, width)
  }
}

/** Two columns side by side if the first is narrow; else each term on a line of its own, and the rest below it. */
function table(header: readonly string[], rows: readonly (readonly Text[])[], width: number): string {
  const entries = rows.map((cells) => {
    const { term, about } = described(header, cells)
    return { term: plain(term), about: about.length === 0 ? [''] : about.map(plain) }
  })
  const room = Math.max(...entries.map(({ term }) => term.length)) + 2
  if (room > width / 3)
    return entries
      .map(({ term, about }) =>
        [indented(`  ${term}`, width, 2), ...about.map((line) => indented(`      ${line}`, width, 6))].join(
          '\n',
        ),
      )
      .join('\n')
  return entries
    .map(({ term, about }) =>
      about
        .map((line, index) => indented((index === 0 ? term : '').padEnd(room) + line, width, room))
        .join('\n'),
    )
    .join('\n')
}

/** Wraps `text`, whose first `depth` characters stand before the column of the others. */
function indented(text: string, width: number, depth: number): string {
  const lines = wrapped(text.slice(depth), width - depth).split('\n')
  return text.slice(0, depth) + lines.join(`\n${' '.repeat(depth)}`)
}

function plain(text: Text): string {
  return text.map(shown).join('').replace(/\s+/g, ' ').trim()
}

function shown(part: Inline): string {
  if (typeof part === 'string') return part
  switch (part.kind) {
    case 'code':
      return `\`${part.text}\``
    case 'strong':
      return part.text
    case 'guide':
      return `${part.text} (mqttx help ${part.target})`
    case 'url':
      return `${part.text} <${part.target}>`
  }
}
