// The guides of docs/ as blocks that the program can print: `guideOf` parses Markdown, `packedGuides` is what the bundle holds.
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { brotliCompressSync } from 'node:zlib'
import { marked } from 'marked'

const folder = fileURLToPath(new URL('../docs/', import.meta.url))

/** The order of `mqttx help`: from first steps to reference. */
export const topics = [
  ...[
    'cookbook',
    'publish',
    'subscribe',
    'topics',
    'requests',
    'workers',
    'retained-messages',
    'json',
    'recording',
    'mqtt5',
    'mqtt-sn',
    'tls',
    'contexts',
    'exit-status',
  ],
  ...['checking', 'access-rights', 'captures', 'bench-method', 'password-files', 'test-broker', 'library'],
  ...['from-mosquitto', 'from-mqttx-cli', 'differences', 'speed'],
]

export const guideFiles = () => readdirSync(folder).filter((name) => name.endsWith('.md'))

const flat = (tokens) => tokens.map(({ tokens: inner, text = '' }) => (inner ? flat(inner) : text)).join('')

function linkOf({ href, tokens }) {
  const text = flat(tokens)
  const [, topic] = /^([\w-]+)\.md(#.*)?$/.exec(href) ?? []
  if (topics.includes(topic)) return { kind: 'guide', text, target: topic }
  return /^https?:/.test(href) ? { kind: 'url', text, target: href } : text
}

const inlines = {
  text: ({ text }) => text,
  escape: ({ text }) => text,
  codespan: ({ text }) => ({ kind: 'code', text }),
  strong: ({ tokens }) => ({ kind: 'strong', text: flat(tokens) }),
  link: linkOf,
  image: () => '',
}

const inline = (tokens) =>
  tokens.map((token) => {
    if (inlines[token.type] === undefined) throw new Error(`the guides have no ${token.type}: ${token.raw}`)
    return inlines[token.type](token)
  })

const blocks = {
  heading: ({ depth, tokens }) => ({ type: 'heading', depth, text: flat(tokens) }),
  paragraph: ({ tokens }) => ({ type: 'paragraph', text: inline(tokens) }),
  code: ({ lang, text }) => ({ type: 'code', language: lang ?? '', text }),
  list: ({ items }) => ({
    type: 'list',
    items: items.map(({ tokens }) => inline(tokens.flatMap(({ tokens: inner }) => inner))),
  }),
  table: ({ header, rows }) => ({
    type: 'table',
    header: header.map(({ tokens }) => flat(tokens)),
    rows: rows.map((cells) => cells.map(({ tokens }) => inline(tokens))),
  }),
}

/** A guide: its topic, its title, and its text as blocks. Throws if the text has what no printer prints. */
export function guideOf(topic, markdown) {
  const tokens = marked.lexer(markdown).filter(({ type }) => type !== 'space' && type !== 'html')
  const [title, ...rest] = tokens.map((token) => {
    if (blocks[token.type] === undefined) throw new Error(`the guides have no ${token.type}: ${token.raw}`)
    return blocks[token.type](token)
  })
  const body = rest.filter(({ type, text }) => type !== 'paragraph' || text.some((part) => part !== ''))
  return { topic, title: title.text, body }
}

export const guides = () =>
  topics.map((topic) => guideOf(topic, readFileSync(`${folder}${topic}.md`, 'utf8')))

/** All guides, compressed, as text: src/commands/guides.ts unpacks it. */
export const packedGuides = () => brotliCompressSync(JSON.stringify(guides())).toString('base64')
