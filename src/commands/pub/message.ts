// Publishes one message, once or with --repeat, and disconnects.
import { setTimeout as sleep } from 'node:timers/promises'
import type { PublishTemplate } from '../../codec/publish.js'
import type { ClientConnection } from '../../connection/client-connection.js'
import { newConnection } from '../../connection/open-connection.js'
import type { ConnectOptions } from '../../connection/options.js'
import { deadline } from '../deadline.js'
import type { Diagnostics } from '../diagnostics.js'
import { Refusals } from '../refusals.js'

export interface Repetition {
  readonly times: number
  readonly delayMs: number
}

/** @returns the exit status: 0, or the first Reason Code with which the server refused the message */
export async function publishMessage(
  options: ConnectOptions,
  message: {
    template: PublishTemplate
    payload: Buffer
    repetition: Repetition
    timeout: number | undefined
  },
  { retrying, warn, waiting, trace }: Diagnostics,
): Promise<number> {
  const refusals = new Refusals(warn)
  const connection = newConnection(
    options,
    { retrying, remark: warn, settled: (code, answer) => refusals.note(code, answer) },
    trace,
  )
  const { template, payload, repetition } = message
  const inTime = deadline(connection, message.timeout)
  try {
    await waiting('Connecting', connection.connect())
    for (let left = repetition.times; left > 0; left--) {
      await connection.drain()
      connection.publish(template, payload)
      if (repetition.delayMs === 0 || left === 1) continue
      await connection.idle()
      await pause(repetition.delayMs, connection)
    }
    await connection.idle()
    await connection.close()
  } catch (error) {
    connection.destroy()
    throw error
  } finally {
    inTime()
  }
  if (refusals.count > 10) warn(`${refusals.count} messages were refused in total.`)
  return refusals.status
}

/** Sleeps; ends early if the connection is lost. */
async function pause(delayMs: number, connection: ClientConnection): Promise<void> {
  const timer = new AbortController()
  try {
    await Promise.race([sleep(delayMs, undefined, { signal: timer.signal }), connection.ended()])
  } finally {
    timer.abort()
  }
}
