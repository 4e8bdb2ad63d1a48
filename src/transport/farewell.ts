// How a connection is ended: what is still to be said goes out before it closes.
import type { Duplex } from 'node:stream'

/** How long the other side may take to read our last words and close. */
const patienceMs = 500

/**
 * Writes `words`, ends, and closes when the other side has closed or has had its time. What it still sends is read and
 * forgotten: to close with bytes unread would reset the connection, and take our last words with it.
 */
export function farewell(stream: Duplex, words: Uint8Array): void {
  if (stream.destroyed) return
  stream.removeAllListeners('data')
  stream.on('error', () => {})
  stream.resume()
  const timer = setTimeout(() => stream.destroy(), patienceMs)
  timer.unref()
  stream.once('close', () => clearTimeout(timer))
  stream.end(words)
}
