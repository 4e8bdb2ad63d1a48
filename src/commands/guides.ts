// The guides of docs/, which the bundler puts in, and `mqttx help TOPIC`, which prints one.
import { brotliDecompressSync } from 'node:zlib'
import type { Guide } from '../cli/guides/guide.js'
import { guideText } from '../cli/guides/terminal.js'
import { ExitCode } from '../errors.js'
import type { Host } from '../host.js'
import { pagerOf } from '../io/pager.js'
import { print } from '../io/print.js'
import { taken } from '../io/signals.js'
import { columnsOf, wantsColor } from '../io/terminal.js'
import type { Job } from './job.js'

/** Put in by the bundler: .ci/guides.mjs packs it. */
declare const MQTTX_GUIDES: string

/** All guides, in the order in which help lists them. */
export const guides: readonly Guide[] = JSON.parse(
  brotliDecompressSync(Buffer.from(MQTTX_GUIDES, 'base64')).toString(),
)

/** Prints the guide of a topic; undefined if there is no such guide. */
export function guideJob(topic: string): Job | undefined {
  const guide = guides.find((known) => known.topic === topic)
  return guide && { wants: 'run', quiet: false, warnings: [], run: (host) => show(guide, host) }
}

/** On a terminal in its width, in colour and through the pager; else in 80 columns. */
async function show(guide: Guide, host: Host): Promise<number> {
  const { stdout, env } = host
  const text = guideText(guide, columnsOf(stdout) ?? 80, await styleOf(host))
  const pager = pagerOf(stdout, env)
  if (pager === undefined) {
    await print(stdout, text)
    return ExitCode.ok
  }
  const release = host.onSignal(['SIGINT'], () => taken) // the pager gets the signal too, and goes on
  try {
    await print(pager, text)
  } finally {
    await pager.close()
    release()
  }
  return ExitCode.ok
}

async function styleOf({ stdout, env }: Host) {
  if (!wantsColor(stdout, env)) return { heading: String, code: String }
  const { style } = await import('../io/style.js')
  return { heading: style.heading, code: style.option }
}
