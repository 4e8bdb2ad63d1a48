// A guide as a manual page of section 7.
import { escaped, filled, reference, row, titled } from '../man.js'
import { fitted } from './code.js'
import { type Block, described, type Guide, type Inline, type Text } from './guide.js'

/** Columns of code in a terminal of 80: the page and the example are indented. */
const codeWidth = 66

export function guidePage({ topic, title, body }: Guide): string {
  const name = escaped(`mqttx-${topic}`)
  const first = body[0]?.type === 'heading' ? [] : ['.SH DESCRIPTION']
  const text = [...first, ...body.map(printed)].join('\n').replace(/^(\.S[HS] .*\n)\.PP\n/gm, '$1')
  return titled(`mqttx-${topic}`, '7', 'Miscellaneous Information', [
    `.SH NAME\n${name} \\- ${escaped(title)}`,
    text,
    `.SH SEE ALSO\n${reference('mqttx')}`,
  ])
}

function printed(block: Block): string {
  switch (block.type) {
    case 'heading':
      return block.depth === 2 ? `.SH ${escaped(block.text.toUpperCase())}` : `.SS ${escaped(block.text)}`
    case 'paragraph':
      return `.PP\n${prose(block.text)}`
    case 'code': {
      const lines = fitted(block.text, block.language, codeWidth).map((line) => literal(line))
      return `.PP\n.RS 4\n.nf\n${lines.join('\n')}\n.fi\n.RE`
    }
    case 'list':
      return block.items.map((item) => `.IP \\(bu 2\n${prose(item)}`).join('\n')
    case 'table':
      return block.rows
        .map((cells) => {
          const { term, about } = described(block.header, cells)
          return row(`\\fB${escaped(plain(term))}\\fR`, about.map(prose).join('\n.br\n') || '\\&')
        })
        .join('\n')
  }
}

/** A line of code: nothing in it is a request. An empty one needs something to print. */
function literal(line: string): string {
  return line === '' ? '\\&' : escaped(line).replace(/^\./, '\\&.')
}

function prose(text: Text): string {
  return filled(text.map(marked).join(''))
}

function plain(text: Text): string {
  return text.map((part) => (typeof part === 'string' ? part : part.text)).join('')
}

function marked(part: Inline): string {
  if (typeof part === 'string') return escaped(part)
  switch (part.kind) {
    case 'code':
    case 'strong':
      return `\\fB${escaped(part.text)}\\fR`
    case 'guide':
      return `${escaped(part.text)} (${reference(`mqttx-${part.target}`, 7)})`
    case 'url':
      return `${escaped(part.text)} <${escaped(part.target)}>`
  }
}
