// What a command line of mqttx retained asks for.
import { topicFilter } from '../../cli/topic.js'
import { UsageError } from '../../errors.js'
import { shown } from '../../text.js'

export const actions = ['ls', 'rm', 'save', 'restore'] as const
type Action = (typeof actions)[number]

export type Request =
  | { readonly action: 'ls' | 'rm' | 'save'; readonly filters: readonly string[] }
  /** `file` is undefined for standard input. */
  | { readonly action: 'restore'; readonly file: string | undefined }

interface RequestArgs {
  readonly words: readonly string[]
  readonly topics: readonly string[]
  readonly yes: boolean
  readonly undo?: string
  readonly noUndo: boolean
  readonly output?: string
}

/** @throws UsageError for an invalid combination of arguments */
export function requestOf(args: RequestArgs): Request {
  const [first, ...rest] = args.words
  const hint = "ls, rm, save or restore, as in: mqttx retained ls 'home/#'"
  if (first === undefined) throw new UsageError('retained: missing action.', { hint })
  const action = actions.find((known) => known === first)
  if (action === undefined) throw new UsageError(`retained: unknown action '${shown(first)}'.`, { hint })
  refuseForeignOptions(action, args)
  if (action === 'restore') return restoring(rest, args.topics)
  const filters = [...rest.map((text) => topicFilter('subscription')(text, action)), ...args.topics]
  if (action === 'rm' && filters.length === 0) {
    throw new UsageError('retained rm: missing Topic Filter.', { hint: "'#' matches all topics" })
  }
  for (const filter of filters) refuseShared(filter)
  return { action, filters: filters.length === 0 ? ['#'] : [...new Set(filters)] }
}

function restoring([file, surplus]: readonly string[], topics: readonly string[]): Request {
  if (surplus !== undefined)
    throw new UsageError(`retained restore: unexpected argument '${shown(surplus)}'.`)
  if (topics.length > 0) {
    throw new UsageError('retained restore: each line has its own topic.', {
      hint: 'to restore some, select their lines with jq or grep',
    })
  }
  return { action: 'restore', file: file === '-' ? undefined : file }
}

/** The actions of the options that would be missed if they were ignored. */
function refuseForeignOptions(action: Action, args: RequestArgs): void {
  const rows: readonly [given: boolean, name: string, of: readonly Action[]][] = [
    [args.yes, '--yes', ['rm']],
    [args.undo !== undefined, '--undo', ['rm']],
    [args.noUndo, '--no-undo', ['rm']],
    [args.output !== undefined, '--output', ['save']],
  ]
  for (const [given, name, of] of rows) {
    if (given && !of.includes(action))
      throw new UsageError(`retained ${action}: ${name} is valid only with ${of.join(' and ')}.`)
  }
}

/** The server sends no retained messages for a shared subscription (MQTT 5.0, 4.8.2). */
function refuseShared(filter: string): void {
  if (!filter.startsWith('$share/')) return
  throw new UsageError(`A shared subscription gets no retained messages: '${shown(filter)}'.`, {
    hint: 'omit $share/NAME/',
  })
}
