// The pictures of docs/pictures/: what the built program prints on a terminal, as SVG. test/pictures.test.ts compares them,
// `npm run docs` writes them.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const program = `${root}bin/mqttx.js`
const capture = `${root}test/fixtures/inspect/picture.pcap`

/** Nothing of the caller's environment: colours and settings are the same everywhere. */
const env = { PATH: process.env.PATH, HOME: '/nonexistent', TERM: 'xterm', LC_ALL: 'C.UTF-8', TZ: 'UTC' }

/** Columns and rows of a character, in pixels. */
const cell = { width: 8.4, height: 18 }
const margin = 14
const titleHeight = 34
const colours = {
  30: '#6e7681',
  31: '#ff7b72',
  32: '#3fb950',
  33: '#d29922',
  34: '#58a6ff',
  35: '#bc8cff',
  36: '#39c5cf',
  37: '#c9d1d9',
  90: '#6e7681',
  91: '#ffa198',
  92: '#56d364',
  93: '#e3b341',
  94: '#79c0ff',
  95: '#d2a8ff',
  96: '#56d4dd',
  97: '#f0f6fc',
}

const escaped = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** What the codes of an SGR sequence make of a style. */
function styled(style, codes) {
  for (const code of codes) {
    if (code === 0) style = {}
    else if (code === 1) style = { ...style, bold: true }
    else if (code === 2) style = { ...style, dim: true }
    else if (code === 22) style = { ...style, bold: false, dim: false }
    else if (code === 39) style = { ...style, colour: undefined }
    else if (colours[code] !== undefined) style = { ...style, colour: colours[code] }
  }
  return style
}

/** The parts of a line of terminal output that have one style each. Throws on what is not text or a style. */
function spansOf(line) {
  const spans = []
  let style = {}
  let column = 0
  for (const part of line.split(/(\x1b\[[\d;]*m)/)) {
    const codes = /^\x1b\[([\d;]*)m$/.exec(part)
    if (codes) style = styled(style, codes[1].split(';').map(Number))
    else if (part !== '') {
      if (/[\x00-\x1f\x7f]/.test(part)) throw new Error(`not drawn: ${JSON.stringify(part)}`)
      spans.push({ text: part, column, style })
      column += [...part].length
    }
  }
  return spans
}

function drawn({ text, column, style }, row) {
  const blanks = /^ */.exec(text)[0].length
  const shown = text.slice(blanks)
  if (shown === '') return ''
  const at = (value) => Number(value.toFixed(1))
  const x = at(margin + (column + blanks) * cell.width)
  const y = titleHeight + margin + (row + 0.75) * cell.height
  const length = at([...shown].length * cell.width)
  const attributes = [
    `x="${x}" y="${y}" textLength="${length}"`,
    style.colour === undefined ? '' : ` fill="${style.colour}"`,
    style.bold ? ' font-weight="bold"' : '',
    style.dim ? ' opacity="0.6"' : '',
  ]
  return `<text ${attributes.join('')}>${escaped(shown)}</text>`
}

/** Terminal output as a picture of a window, whose title is the command. */
function svg(title, output) {
  const lines = output.replace(/\s+$/, '').split('\n').map(spansOf)
  const columns = Math.max(...lines.flat().map(({ text, column }) => column + [...text].length), 80)
  const width = Math.ceil(columns * cell.width + 2 * margin)
  const height = titleHeight + 2 * margin + lines.length * cell.height
  const rows = lines
    .flatMap((spans, row) => spans.map((span) => drawn(span, row)))
    .filter((text) => text !== '')
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}">
<rect width="${width}" height="${height}" rx="8" fill="#0d1117"/>
<path d="M0 ${titleHeight}V8a8 8 0 0 1 8-8H${width - 8}a8 8 0 0 1 8 8V${titleHeight}z" fill="#161b22"/>
<g font-family="ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace" font-size="14" fill="#c9d1d9" xml:space="preserve">
<text x="${margin}" y="22" fill="#8b949e">$ ${escaped(title)}</text>
${rows.join('\n')}
</g>
</svg>
`
}

function inspected(...options) {
  const words = ['inspect', '--color', 'always', ...options]
  const { stdout, stderr, status } = spawnSync(process.execPath, [program, ...words, capture], {
    env,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`mqttx ${words.join(' ')}: status ${status}: ${stderr}`)
  return svg(`mqttx inspect ${options.join(' ')} trace.pcap`, stdout)
}

const retained = { topic: 'home/door', payload: 'shut', retain: true }
const live = [
  { topic: 'home/kitchen/temperature', payload: '21.5' },
  { topic: 'home/hall', payload: '{"lamp":"on","watt":7}' },
  { topic: 'home/kitchen/camera', payload: '/9j/4AAQSkZJRgABAQAAAQ==', encoding: 'base64' },
  { topic: 'home/door', payload: 'open' },
]

/** `mqttx sub` on a terminal of 80 columns: one retained message, then live ones. Times and the port are fixed. */
async function subscribed() {
  const folder = mkdtempSync(join(tmpdir(), 'mqttx-picture-'))
  const broker = spawn(process.execPath, [program, 'broker', '-p', '0'], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  try {
    const [first] = await once(broker.stdout, 'data')
    const [, port] = /:(\d+)\s/.exec(first)
    const file = join(folder, 'live')
    writeFileSync(file, live.map((message) => `${JSON.stringify(message)}\n`).join(''))
    const mqttx = `'${process.execPath}' '${program}'`
    const line = `stty -echo rows 24 cols 80
echo '${JSON.stringify(retained)}' | ${mqttx} pub -p ${port} -q 1 --json
${mqttx} sub -p ${port} -v -t 'home/#' -C ${live.length + 1} < /dev/null & read -r
${mqttx} pub -p ${port} -q 1 --json < ${file}; wait`
    const steps = JSON.stringify([['shut', '\n']])
    const helper = `${root}test/helpers/on_a_terminal.py`
    const child = spawn('python3', [helper, steps, 'bash', '-c', line], { env, stdio: ['ignore', 'pipe', 2] })
    const chunks = await child.stdout.toArray()
    const { output, status } = JSON.parse(Buffer.concat(chunks))
    if (status !== 0) throw new Error(`mqttx sub: status ${status}: ${output}`)
    let second = 0
    const fixed = output
      .replaceAll('\r', '')
      .replaceAll(port, '1883')
      .replace(/\d\d:\d\d:\d\d/g, () => `09:30:${String(second++).padStart(2, '0')}`)
      .replace(/(09:30:\d\d)\.\d+/g, '$1.000')
    return svg("mqttx sub -v -t 'home/#'", fixed)
  } finally {
    broker.kill()
    rmSync(folder, { recursive: true })
  }
}

/** Each picture by its file name. */
export const pictures = {
  'inspect.svg': () => inspected('--view', 'bytes', '--type', 'publish', '-C', '1'),
  'flow.svg': () => inspected('--view', 'flow', '--client', 'display'),
  'sub.svg': subscribed,
}
