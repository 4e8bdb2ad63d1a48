// What the operating system grants, looked at before anything connects.
import { readFileSync } from 'node:fs'
import { ExitCode, MqttxError } from '../../errors.js'

const ownFiles = 40 // standard streams, Node's own, the connection that asks for $SYS

/** @throws MqttxError that says how many are needed, and the command that allows them */
export function checkOpenFiles(connections: number, limit = openFiles()): void {
  const needed = connections + ownFiles
  if (limit === undefined || needed <= limit) return
  throw new MqttxError(`${connections} connections need ${needed} open files, and the limit is ${limit}.`, {
    hint: `ulimit -n ${needed}`,
    exitCode: ExitCode.system,
  })
}

/** The limit in force; undefined where the system does not tell. */
function openFiles(): number | undefined {
  try {
    const row = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))
    return row === null ? undefined : Number(row[1])
  } catch {
    return undefined // not Linux
  }
}
