// Contexts as people and scripts see them: without what is secret.

import type { Contexts, Settings } from '../../cli/contexts.js'
import { secretSettings } from '../../cli/options/context.js'
import { jsonOf } from '../../text.js'

/** A line for each: its name, its server, and `*` for the current one. */
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

/** The settings as the file has them, secrets as `...`. */
export function redacted(settings: Settings): string {
  const shown = Object.entries(settings).map(([name, value]) => {
    if (name === 'property') return [name, [value].flat().map(withoutAuthentication)]
    if (name === 'ws-header') return [name, [value].flat().map(withoutValue)]
    return [name, secretSettings.includes(name) ? withoutLogin(String(value)) : value]
  })
  return `${jsonOf(Object.fromEntries(shown), 2)}\n`
}

/** Authentication Data is the one property that is a secret. */
function withoutAuthentication(value: unknown): string {
  return String(value).replace(/^(\S+ authentication-data ).*$/is, '$1...')
}

function withoutValue(header: unknown): string {
  return String(header).replace(/:.*$/s, ': ...')
}

/** Of a URL all but the login; of anything else nothing. */
function withoutLogin(text: string): string {
  const [, scheme, login, server] = /^(\w+:\/\/)(.*@)?([^@]*)$/s.exec(text) ?? []
  return scheme === undefined ? '...' : `${scheme}${login === undefined ? '' : '...@'}${server}`
}
