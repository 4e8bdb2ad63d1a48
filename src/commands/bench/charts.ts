// The charts of a report: percentiles of the latency, and the rate over time.

import { LatencyHistogram } from '../latency-histogram.js'
import { formatNumber } from '../number-format.js'
import { Canvas, type Characters } from './canvas.js'
import { perSecond, type Result } from './result.js'

const columns = 60
const percentileRows = 7
const rateRows = 4
const gutter = 11 // characters before the axis
const maxDecades = 5 // of the percentile axis: to 99.999
const minDecades = 2
const steadyShare = 0.9 // of the highest rate: a run that never falls below is steady

/** Both axes are logarithmic. Empty for fewer than two messages. */
export function percentileChart({ histograms }: Result, characters: Characters): string[] {
  const times = new LatencyHistogram(histograms.latency)
  if (times.count < 2) return []
  const decades = Math.min(maxDecades, Math.max(minDecades, Math.floor(Math.log10(times.count))))
  const canvas = new Canvas(characters, columns, percentileRows)
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
  return ['latency in ms by percentile, logarithmic', ...framed(canvas, labels, axis(ticks))]
}

/** True if the rate of some second differs clearly from the others; else a chart would be a rectangle. */
export function rateVaries(result: Result): boolean {
  const counts = secondsOf(result)
  return counts.length > 2 && Math.min(...counts) < Math.max(...counts) * steadyShare
}

/** Completed messages per second. Empty for less than two seconds. */
export function rateChart(result: Result, characters: Characters): string[] {
  const counts = secondsOf(result)
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
  const unit = result.setup.mode === 'conn' ? 'connections' : 'messages'
  const drain = counts.length - Math.floor(result.elapsed_s)
  const title = `${unit}/s${drain > 0 ? `, the last ${drain} s after the end of the load` : ''}`
  return framed(canvas, [high, high / 2, 0].map(formatNumber), axis(['0', `${counts.length} s`], title))
}

/** The measurement window, and the seconds in which the last messages completed after it. */
function secondsOf(result: Result): number[] {
  return perSecond(result, result.elapsed_s + result.drain_s)
}

/** Adds the vertical axis, with labels at the top, in the middle and at the bottom. */
function framed(canvas: Canvas, labels: readonly string[], lastLine: string): string[] {
  const [top, middle, bottom] = labels
  const rows = canvas.rows()
  const places: Record<number, string | undefined> = {
    ...{ 0: top, [rows.length >> 1]: middle, [rows.length - 1]: bottom },
  }
  const lines = rows.map((row, index) => `${(places[index] ?? '').padStart(gutter)} |${row}`)
  return [...lines, lastLine]
}

/** The horizontal axis: ticks at equal distances, and a title in the middle. */
function axis(ticks: readonly string[], title = ''): string {
  let line = ' '.repeat(gutter + 2)
  for (const [index, tick] of ticks.entries()) {
    const place = gutter + 2 + Math.round((index * (columns - 1)) / (ticks.length - 1))
    if (index > 0 && title !== '')
      line = `${line.padEnd(gutter + 2 + ((columns - title.length) >> 1))}${title}`
    const start = index === 0 ? place : place + 1 - tick.length
    line = line.padEnd(start) + tick
  }
  return line
}
