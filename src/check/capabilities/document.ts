// The capabilities of a server as JSON, and what differs between two such documents.
import { MqttxError } from '../../errors.js'
import type { Capability } from './discover.js'

const format = 'mqttx check capabilities 1'

export interface Entry {
  /** Null if it could not be found out; `detail` says why. */
  readonly value: boolean | number | string | null
  /** `value` is the largest that was tried. */
  readonly atLeast?: true
  /** The server itself says that it lacks this. */
  readonly declared?: true
  /** How it shows, or why not. */
  readonly detail?: string
}

export interface CapabilityDocument {
  readonly format: typeof format
  readonly server: string
  readonly capabilities: Readonly<Record<string, Entry>>
}

export interface Difference {
  /** The name of the capability in the documents. */
  readonly key: string
  /** Undefined: the document does not have it. */
  readonly values: readonly [Entry | undefined, Entry | undefined]
}

export function documentOf(server: string, capabilities: readonly Capability[]): CapabilityDocument {
  return {
    format,
    server,
    capabilities: Object.fromEntries(capabilities.map((one) => [one.key, entryOf(one)])),
  }
}

export function entryOf({ value, detail, isAtLeast, isDeclared }: Capability): Entry {
  return {
    value: value ?? null,
    ...(isAtLeast && { atLeast: true }),
    ...(isDeclared && { declared: true }),
    ...(detail !== '' && { detail }),
  }
}

/** `name`: of the file, for the error. @throws MqttxError if `text` is no such document */
export function readDocument(text: string, name: string): CapabilityDocument {
  try {
    const document = JSON.parse(text) as Partial<CapabilityDocument> | null
    const entries = Object.values(document?.capabilities ?? {})
    if (document?.format === format && entries.every(isEntry)) return document as CapabilityDocument
  } catch {
    // Not JSON.
  }
  throw new MqttxError(`"${name}" is not a result of mqttx check --capabilities --json.`, {
    hint: 'mqttx check URL --capabilities --json > FILE writes one',
  })
}

function isEntry(entry: unknown): boolean {
  if (typeof entry !== 'object' || entry === null || !('value' in entry)) return false
  return entry.value === null || ['boolean', 'number', 'string'].includes(typeof entry.value)
}

/** In the order of `before`, then what only `after` has. Details do not count. */
export function differences(before: CapabilityDocument, after: CapabilityDocument): Difference[] {
  const [left, right] = [
    new Map(Object.entries(before.capabilities)),
    new Map(Object.entries(after.capabilities)),
  ]
  return [...new Set([...left.keys(), ...right.keys()])]
    .map((key): Difference => ({ key, values: [left.get(key), right.get(key)] }))
    .filter(({ values: [one, other] }) => valueText(one) !== valueText(other))
}

/** `yes`, `no`, `?`, `at least 65535`; `-` for what a document does not have. */
export function valueText(entry: Entry | undefined): string {
  if (entry === undefined) return '-'
  const { value, atLeast } = entry
  if (value === null) return '?'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  return atLeast === true ? `at least ${value}` : String(value)
}
