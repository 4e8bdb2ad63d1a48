// mqttx retained restore: publishes lines of JSON as retained messages, with what is left of their Message Expiry Interval.
import type { Readable } from 'node:stream'
import { ExitCode, MqttxError } from '../../errors.js'
import { openFile } from '../../io/inputs.js'
import { say } from '../../io/say.js'
import { strerror } from '../../io/system-error.js'
import { type LineDefaults, readTimedMessage, type TimedMessage } from '../../recording/message.js'
import { LineTimes } from '../../recording/time.js'
import { count, shown } from '../../text.js'
import { createDiagnostics } from '../diagnostics.js'
import { publishEachLine } from '../each-line.js'
import { JsonLines } from '../json-lines.js'
import { announceStdin } from '../payload.js'
import type { Frame } from './frame.js'

/** `file` is undefined for standard input. @returns the exit status */
export async function restore(
  file: string | undefined,
  { args, options, host }: Omit<Frame, 'filters'>,
): Promise<number> {
  const left = { expired: 0, other: 0 }
  const times = new LineTimes()
  const read = (line: Buffer, defaults: LineDefaults): TimedMessage | undefined => {
    const message = readTimedMessage(line, defaults, times)
    if (!message.retain || message.payload.length === 0) return void left.other++
    const remaining = withRemainingExpiry(message, Date.now())
    if (remaining === undefined) return void left.expired++
    return { ...remaining, qos: remaining.qos < args.qos ? args.qos : remaining.qos }
  }
  const given = { topic: undefined, qos: args.qos, retain: true, properties: undefined }
  const reader = new JsonLines('mqttx retained restore', given, options.version, read)
  const diagnostics = createDiagnostics(args, host)
  if (file === undefined) announceStdin(args, host)
  const input = file === undefined ? undefined : opened(file)
  try {
    await publishEachLine(options, reader, { host, diagnostics, timeout: args.timeout, input })
  } catch (error) {
    throw error instanceof MqttxError ? withoutSession(error) : error
  } finally {
    const note = args.quiet ? () => {} : (text: string) => say(host.stderr, text)
    if (left.expired > 0) note(`Not restored: ${count(left.expired, 'message')} expired meanwhile.`)
    if (left.other > 0)
      note(`Not restored: ${count(left.other, 'line')} without a retained message ("retain":false or empty).`)
  }
  return ExitCode.ok
}

/** The error without advice about options that this command does not have. */
function withoutSession(error: MqttxError): MqttxError {
  const hint = error.hints.map((text) => text.replace(/: use -i and -c$/, ''))
  return new MqttxError(error.lines, { ...error, hint, cause: error })
}

/** @throws MqttxError if the file cannot be opened */
function opened(file: string): { stream: Readable; name: string } {
  try {
    return { stream: openFile(file), name: `file "${shown(file)}"` }
  } catch (error) {
    const reason = strerror(error as NodeJS.ErrnoException)
    throw new MqttxError(`Unable to open file "${shown(file)}": ${reason}.`, { cause: error })
  }
}

/** The message with the time since it was saved subtracted; undefined if it has expired. `now`: milliseconds since 1970. */
export function withRemainingExpiry(message: TimedMessage, now: number): TimedMessage | undefined {
  const { properties, time } = message
  const expiry = properties?.messageExpiryInterval
  if (expiry === undefined || time === undefined) return message
  const left = expiry - Math.max(0, Math.floor((now - time) / 1000))
  return left <= 0 ? undefined : { ...message, properties: { ...properties, messageExpiryInterval: left } }
}
