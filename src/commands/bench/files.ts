// Results in files: read for merge, report and compare, and written for other programs.
import {
  accessSync,
  closeSync,
  constants,
  openSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import type { Assertion, PlotForm } from '../../cli/options/bench-values.js'
import { ExitCode, MqttxError, UsageError } from '../../errors.js'
import { readSmallFile } from '../../io/small-file.js'
import { jsonOf } from '../../text.js'
import { broken } from './assertions.js'
import { compared, comparisonText } from './compare.js'
import { Histogram } from './histogram.js'
import { jsonReport, textReport } from './report.js'
import { merged, type Result } from './result.js'

const largestPayload = 268_435_400
/** Bytes of a file that holds a result, such as the log of a container. */
const longestLog = 256 * 1024 * 1024

/** Of --message or --file; undefined where there is neither. */
export function contentOf({ message, file }: { message?: string; file?: string }): Buffer | undefined {
  if (file === undefined) return message === undefined ? undefined : Buffer.from(message)
  return bytesOf(file, largestPayload, ExitCode.tooLarge)
}

/** What merge, report and compare print, and the results that merge and report are about. */
export function fromFiles(
  work: readonly string[],
  { json, plot, assertions }: { json: boolean; plot: PlotForm; assertions: readonly Assertion[] },
): { text: string; results: Result[] } {
  const [what, ...paths] = work
  const read = paths.map(readResult)
  if (what === 'compare') {
    const comparison = compared(read[0]!, read[1]!)
    return { text: json ? `${jsonOf(comparison)}\n` : comparisonText(comparison), results: [] }
  }
  const results = what === 'merge' ? [mergedOf(read, paths)] : read
  const texts = results.map((result) =>
    json ? jsonReport(result) : textReport(result, plot, broken(assertions, result)),
  )
  return { text: texts.join(json ? '' : '\n'), results }
}

function mergedOf(results: readonly Result[], paths: readonly string[]): Result {
  const { mode, loop, qos } = results[0]!.setup
  const other = results.findIndex(
    ({ setup }) => setup.mode !== mode || setup.loop !== loop || setup.qos !== qos,
  )
  if (other < 0) return merged(results)
  throw new UsageError(`"${paths[other]}" is not of the same run as "${paths[0]}".`, {
    hint: 'merge joins shards of one run; to tell two runs apart, use bench compare',
  })
}

function readResult(path: string): Result {
  const result = parsed(bytesOf(path, longestLog).toString())
  if (result !== undefined) return result
  throw new MqttxError(`"${path}" is no result of mqttx bench.`, {
    hint: 'mqttx bench pub --json > FILE writes one; those of an earlier version have a rate that means something else',
  })
}

/** @throws MqttxError; with `tooLong` as its status for a file of more than `longest` bytes, where that is given */
function bytesOf(path: string, longest: number, tooLong?: number): Buffer {
  try {
    return readSmallFile(path, { longest })
  } catch (cause) {
    const { message, code } = cause as NodeJS.ErrnoException
    const exitCode = code === 'EFBIG' ? tooLong : undefined
    throw new MqttxError(`Unable to read file "${path}": ${message}.`, {
      ...(exitCode !== undefined && { exitCode }),
      cause,
    })
  }
}

const mark = '{"format":"mqttx bench 2",'

/** The log of a container has other lines too: the result is the last one that is one. */
function parsed(text: string): Result | undefined {
  const start = text.startsWith(mark) ? 0 : text.lastIndexOf(`\n${mark}`) + 1
  const end = text.indexOf('\n', start)
  const line = start === 0 ? text : text.slice(start, end < 0 ? undefined : end)
  try {
    const value = JSON.parse(line) as Partial<Result> | null
    return value?.format === 'mqttx bench 2' ? (value as Result) : undefined
  } catch {
    return undefined
  }
}

/** Where --csv and --hdr go. */
interface Places {
  readonly csv?: string
  readonly hdr?: string
}

/**
 * Finds out before a run whether its files can be written; what they hold stays.
 * @throws MqttxError 14 that names all that cannot
 */
export function checkPlaces({ csv, hdr }: Places): void {
  const paths = [csv, hdr].filter((path) => path !== undefined)
  allOf(paths.map((path) => [path, () => tryToOpen(path)]))
}

function tryToOpen(path: string): void {
  const there = statSync(path, { throwIfNoEntry: false })
  // A pipe waits for its reader when it is opened.
  if (there !== undefined && !there.isFile() && !there.isDirectory()) return accessSync(path, constants.W_OK)
  closeSync(openSync(path, 'a'))
  if (there === undefined) rmSync(realpathSync(path))
}

/**
 * --csv and --hdr.
 * @throws MqttxError 14 that names all that could not be written
 */
export function writeFiles(result: Result, { csv, hdr }: Places): void {
  const writes: [path: string, write: () => void][] = []
  if (csv !== undefined) writes.push([csv, () => writeFileSync(csv, csvOf(result))])
  if (hdr !== undefined)
    writes.push([hdr, () => writeFileSync(hdr, new Histogram(result.histograms.latency).distribution())])
  allOf(writes)
}

function csvOf({ series }: Result): string {
  const rows = series.map(({ sent, done, maxMs }, second) => `${second},${sent},${done},${maxMs.toFixed(3)}`)
  return `${['second,sent,done,max_latency_ms', ...rows].join('\n')}\n`
}

/** Does all of it, whatever fails, and names each file that did. */
function allOf(works: readonly (readonly [path: string, work: () => void])[]): void {
  const failures: { text: string; cause: unknown }[] = []
  for (const [path, work] of works) {
    try {
      work()
    } catch (cause) {
      failures.push({ text: `Unable to write file "${path}": ${(cause as Error).message}.`, cause })
    }
  }
  if (failures.length === 0) return
  const lines = failures.map(({ text }) => text)
  throw new MqttxError(lines, { exitCode: ExitCode.system, cause: failures[0]!.cause })
}
