// Reads the result files of merge, report and compare; writes --csv and --hdr.
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
import type { Assertion } from '../../cli/options/bench-values.js'
import { ExitCode, MqttxError, UsageError } from '../../errors.js'
import { readSmallFile } from '../../io/small-file.js'
import { jsonOf } from '../../text.js'
import { LatencyHistogram } from '../latency-histogram.js'
import { failedAssertions } from './assertions.js'
import { merged } from './build-result.js'
import { compareResults, comparisonText } from './compare.js'
import { type Drawing, jsonReport, textReport } from './report.js'
import type { Result } from './result.js'

const largestPayload = 268_435_400
/** Size of a file with a result, such as the log of a container. */
const largestResultFile = 256 * 1024 * 1024

/** The payload of --message or --file; undefined without either. */
export function payloadFrom({ message, file }: { message?: string; file?: string }): Buffer | undefined {
  if (file === undefined) return message === undefined ? undefined : Buffer.from(message)
  return bytesOf(file, largestPayload, ExitCode.tooLarge)
}

/** The output of merge, report or compare, and for merge and report the results. */
export function showResultFiles(
  work: readonly string[],
  { json, drawing, assertions }: { json: boolean; drawing: Drawing; assertions: readonly Assertion[] },
): { text: string; results: Result[] } {
  const [command, ...paths] = work
  const read = paths.map(readResult)
  if (command === 'compare') {
    const comparison = compareResults(read[0]!, read[1]!)
    return { text: json ? `${jsonOf(comparison)}\n` : comparisonText(comparison), results: [] }
  }
  const results = command === 'merge' ? [mergedOf(read, paths)] : read
  const texts = results.map((result) =>
    json ? jsonReport(result) : textReport(result, drawing, failedAssertions(assertions, result)),
  )
  return { text: texts.join(json ? '' : '\n'), results }
}

function mergedOf(results: readonly Result[], paths: readonly string[]): Result {
  const { mode, loop, qos } = results[0]!.setup
  const other = results.findIndex(
    ({ setup }) => setup.mode !== mode || setup.loop !== loop || setup.qos !== qos,
  )
  if (other < 0) return merged(results)
  throw new UsageError(`"${paths[other]}" and "${paths[0]}" are not from the same run.`, {
    hint: 'merge joins the shards of one run; to compare two runs, use bench compare',
  })
}

function readResult(path: string): Result {
  const result = parsed(bytesOf(path, largestResultFile).toString())
  if (result !== undefined) return result
  throw new MqttxError(`"${path}" is not a result of mqttx bench.`, {
    hint: 'mqttx bench pub --json > FILE writes one; results of versions with another format cannot be read',
  })
}

/** @throws MqttxError, with status `tooLong` for a file of more than `longest` bytes */
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

const resultStart = '{"format":"mqttx bench 2",'

/** The last line that is a result: the log of a container also has other lines. */
function parsed(text: string): Result | undefined {
  const start = text.startsWith(resultStart) ? 0 : text.lastIndexOf(`\n${resultStart}`) + 1
  const end = text.indexOf('\n', start)
  const line = start === 0 ? text : text.slice(start, end < 0 ? undefined : end)
  try {
    const value = JSON.parse(line) as Partial<Result> | null
    return value?.format === 'mqttx bench 2' ? (value as Result) : undefined
  } catch {
    return undefined
  }
}

/** Paths of --csv and --hdr. */
interface OutputFiles {
  readonly csv?: string
  readonly hdr?: string
}

/**
 * Checks before a run that its output files can be written. Does not change existing files.
 * @throws MqttxError 14 that names all files that cannot be written
 */
export function checkWritable({ csv, hdr }: OutputFiles): void {
  const paths = [csv, hdr].filter((path) => path !== undefined)
  runAll(paths.map((path) => [path, () => tryToOpen(path)]))
}

function tryToOpen(path: string): void {
  const there = statSync(path, { throwIfNoEntry: false })
  // Opening a pipe would block until there is a reader.
  if (there !== undefined && !there.isFile() && !there.isDirectory()) return accessSync(path, constants.W_OK)
  closeSync(openSync(path, 'a'))
  if (there === undefined) rmSync(realpathSync(path))
}

/**
 * Writes --csv and --hdr.
 * @throws MqttxError 14 that names all files that could not be written
 */
export function writeFiles(result: Result, { csv, hdr }: OutputFiles): void {
  const writes: [path: string, write: () => void][] = []
  if (csv !== undefined) writes.push([csv, () => writeFileSync(csv, csvOf(result))])
  if (hdr !== undefined)
    writes.push([
      hdr,
      () => writeFileSync(hdr, new LatencyHistogram(result.histograms.latency).distribution()),
    ])
  runAll(writes)
}

function csvOf({ series }: Result): string {
  const rows = series.map(({ sent, done, maxMs }, second) => `${second},${sent},${done},${maxMs.toFixed(3)}`)
  return `${['second,sent,done,max_latency_ms', ...rows].join('\n')}\n`
}

/** Runs every action even if some fail, then throws an error that names their files. */
function runAll(actions: readonly (readonly [path: string, action: () => void])[]): void {
  const failures: { text: string; cause: unknown }[] = []
  for (const [path, action] of actions) {
    try {
      action()
    } catch (cause) {
      failures.push({ text: `Unable to write file "${path}": ${(cause as Error).message}.`, cause })
    }
  }
  if (failures.length === 0) return
  const lines = failures.map(({ text }) => text)
  throw new MqttxError(lines, { exitCode: ExitCode.system, cause: failures[0]!.cause })
}
