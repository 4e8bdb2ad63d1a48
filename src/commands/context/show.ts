// Prints contexts, with secrets redacted.

import type { Contexts, Settings } from '../../cli/contexts.js'
import { secretSettings } from '../../cli/options/context.js'
import { jsonOf } from '../../text.js'

/** A line for each context: name, server, and `*` for the current one. */
export function listing({ current, contexts }: Contexts): string {
  const rows = [...contexts].map(([name, settings]) => [
    name,
    serverOf(settings),
    name === current ? '*' : '',
  ])
  const widths = [0, 1].map((column) => Math.max(0, ...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map(
      (row) =>
        `${row
          .map((cell, at) => cell.padEnd(widths[at] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('')
}

function serverOf({ url, unix, host, port }: Settings): string {
  if (url !== undefined) return String(url)
  if (unix !== undefined) return String(unix)
  return `${host ?? 'localhost'}${port === undefined ? '' : `:${port}`}`
}

/** The settings as JSON, secrets as `...`. */
export function redacted(settings: Settings): string {
  const shown = Object.entries(settings).map(([name, value]) => {
    if (name === 'property') return [name, [value].flat().map(withoutAuthentication)]
    if (name === 'ws-header') return [name, [value].flat().map(withoutValue)]
    return [name, secretSettings.includes(name) ? withoutLogin(String(value)) : value]
  })
  return `${jsonOf(Object.fromEntries(shown), 2)}\n`
}

/** Authentication Data is the only secret property. */
function withoutAuthentication(value: unknown): string {
  return String(value).replace(/^(\S+ authentication-data ).*$/is, '$1...')
}

function withoutValue(header: unknown): string {
  return String(header).replace(/:.*$/s, ': ...')
}

/** A URL without its login; any other text as `...`. */
function withoutLogin(text: string): string {
  const [, scheme, login, server] = /^(\w+:\/\/)(.*@)?([^@]*)$/s.exec(text) ?? []
  return scheme === undefined ? '...' : `${scheme}${login === undefined ? '' : '...@'}${server}`
}
