// The memory that a run of mqttx takes, as its processes tell at their end.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Outcome, program, programWords, type RunOptions, scratch, start } from './run.js'

const report = join(scratch('memory'), 'report.cjs')
// maxRSS of a process includes that of the process which started it, on Linux; VmHWM does not.
writeFileSync(
  report,
  `process.on('exit', () => {
  let kib = process.resourceUsage().maxRSS
  try { kib = /VmHWM:\\s+(\\d+)/.exec(require('fs').readFileSync('/proc/self/status', 'utf8'))[1] } catch {}
  require('fs').writeSync(2, \`peak \${kib}\\n\`)
})
`,
)

/** For an executable, which loads no file first: the largest process that python3 has started and waited for. */
const reporting = [
  'import resource, subprocess, sys',
  'ended = subprocess.run(sys.argv[1:])',
  'print("peak", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)',
  'sys.exit(ended.returncode)',
].join('\n')

/**
 * Runs `mqttx ...` to its end on a Node binary (default: that of the tests). Adds the largest resident set of one of its
 * processes, in MiB.
 */
export async function measured(
  args: readonly string[],
  options: RunOptions & { engine?: string } = {},
): Promise<Outcome & { peakMiB: number }> {
  const { engine = process.execPath, ...rest } = options
  const [file, words] = program.endsWith('.js')
    ? [engine, ['--require', report, program]]
    : ['python3', ['-c', reporting, ...programWords]]
  const outcome = await start(file, [...words, ...args], rest).ended
  const peaks = Array.from(outcome.stderr.matchAll(/^peak (\d+)$/gm), ([, kib]) => Number(kib))
  return { ...outcome, peakMiB: peaks.length === 0 ? Number.NaN : Math.max(...peaks) / 1024 }
}
