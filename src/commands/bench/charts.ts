// The two drawings of a report: the percentile spectrum of the latency, and the rate over time.
import { Canvas, type Characters } from './canvas.js'
import { Histogram } from './histogram.js'
import { perSecond, type Result } from './result.js'

const columns = 60
const spectrumRows = 8
const rateRows = 5
const gutter = 11 // characters before the axis
const mostDecades = 5 // of the percentile axis: to 99.999
const leastDecades = 2

/** The lines of both, each with a title; those for which there is nothing to draw are left out. */
export function charts(result: Result, characters: Characters): string[] {
  const drawn = [spectrum(result, characters), rates(result, characters)]
  return drawn.filter((lines) => lines.length > 0).flatMap((lines) => ['', ...lines])
}

/** Both axes are logarithmic: to the right each step leaves a tenth of the messages, upwards times grow by factors. */
function spectrum({ histograms }: Result, characters: Characters): string[] {
  const times = new Histogram(histograms.latency)
  if (times.count < 2) return []
  const decades = Math.min(mostDecades, Math.max(leastDecades, Math.floor(Math.log10(times.count))))
  const canvas = new Canvas(characters, columns, spectrumRows)
  const at = (x: number) => times.at(100 * (1 - 10 ** ((-decades * x) / (canvas.width - 1))))
  const [low, high] = [at(0), at(canvas.width - 1)]
  const span = Math.log(high / low) || 1
  const heightOf = (value: number) => Math.round((Math.log(value / low) / span) * (canvas.height - 1))
  let before = heightOf(low)
  for (let x = 0; x < canvas.width; x++) {
    const height = heightOf(at(x))
    canvas.column(x, x === 0 || height === before ? height : before + 1, height)
    before = height
  }
  const labels = [high, Math.sqrt(low * high), low].map((value) => value.toFixed(3))
  const ticks = Array.from({ length: decades + 1 }, (_, decade) =>
    String(Number((100 * (1 - 0.1 ** decade)).toFixed(3))),
  )
  return ['latency_ms by percentile, logarithmic', ...framed(canvas, labels, ticks)]
}

/** The window and, after it, the seconds in which what was under way arrived. */
function rates(result: Result, characters: Characters): string[] {
  const counts = perSecond(result, result.elapsed_s + result.drain_s)
  if (counts.length < 2) return []
  const canvas = new Canvas(characters, columns, rateRows)
  const high = Math.max(1, ...counts)
  for (let x = 0; x < canvas.width; x++) {
    const from = Math.floor((x * counts.length) / canvas.width)
    const to = Math.max(from + 1, Math.floor(((x + 1) * counts.length) / canvas.width))
    const part = counts.slice(from, to)
    const mean = part.reduce((sum, count) => sum + count, 0) / part.length
    const height = Math.round((mean / high) * canvas.height)
    if (height > 0) canvas.column(x, 0, height - 1)
  }
  const labels = [high, high / 2, 0].map((value) =>
    value.toLocaleString('en-US', { maximumFractionDigits: 1 }),
  )
  const unit = result.setup.mode === 'conn' ? 'connections' : 'messages'
  const late = counts.length - Math.floor(result.elapsed_s)
  const title = `${unit}/s by second${late > 0 ? `, the last ${late} s after the end of the offering` : ''}`
  return [title, ...framed(canvas, labels, ['0', String(counts.length)])]
}

/** With the labels of the axes: at the top, in the middle and at the bottom; and evenly from left to right. */
function framed(canvas: Canvas, labels: readonly string[], ticks: readonly string[]): string[] {
  const [top, middle, bottom] = labels
  const rows = canvas.rows()
  const places: Record<number, string | undefined> = {
    ...{ 0: top, [rows.length >> 1]: middle, [rows.length - 1]: bottom },
  }
  const lines = rows.map((row, index) => `${(places[index] ?? '').padStart(gutter)} |${row}`)
  return [...lines, axis(ticks)]
}

function axis(ticks: readonly string[]): string {
  let line = ' '.repeat(gutter + 2)
  for (const [index, tick] of ticks.entries()) {
    const place = gutter + 2 + Math.round((index * (columns - 1)) / (ticks.length - 1))
    const start = index === 0 ? place : place + 1 - tick.length
    line = line.padEnd(start) + tick
  }
  return line
}
