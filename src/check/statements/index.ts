// All statements, in the order of the standard.
import type { Statement } from '../statement.js'
import { format } from './format.js'
import { ping } from './ping.js'
import { publishing } from './publish.js'
import { retain } from './retain.js'
import { subscribe } from './subscribe.js'

const keyOf = ({ version, id }: Statement): string =>
  id.replace(/\d+/g, (number) => number.padStart(4)) + version

export const statements: readonly Statement[] = [format, publishing, retain, ping, subscribe]
  .flat()
  .map((statement) => [keyOf(statement), statement] as const)
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(([, statement]) => statement)
