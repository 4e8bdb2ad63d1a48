// --explain of pub and sub.
import { UsageError } from '../../errors.js'
import { optionsOf } from '../option.js'

const { flag } = optionsOf('General')

const explain = flag({
  flags: '--explain',
  help: 'Print the packets that would be sent; send nothing.',
  doc: `On standard output, as \`inspect --view bytes\` shows them: those of a session in which the server accepts everything.
    No connection is opened, and received messages are not printed. Passwords and Authentication Data are hidden without
    {showSecrets}.`,
})

const connect = flag({
  flags: '--connect',
  help: 'With --explain: connect, and say which step failed.',
  doc: `Prints the packets in both directions, then each step with its begin and duration in milliseconds: DNS, TCP, proxy,
    TLS, WebSocket, CONNACK, session, SUBACK. If one has failed: which, why, and what to try. Does not reconnect. sub
    ends after SUBACK, unless -C is given. The exit status is the same as without {explain}.`,
})

export const explainOptions = { explain, connect }

export function checkExplain({ explain, connect }: { explain: boolean; connect: boolean }): void {
  if (connect && !explain) throw new UsageError('--connect argument given but no --explain specified.')
}
