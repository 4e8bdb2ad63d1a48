// Contexts: named sets of connection options in one JSON file. The caller reads and writes the file.
import { UsageError } from '../errors.js'
import { shown } from '../text.js'
import { configFolder, type Environment, isAbsolute, isRepeatable } from './environment.js'
import { suggestion } from './nearest.js'
import { type AnyOption, namesOf, type Options } from './option.js'

/** The name of the file in error texts; `readFile` also uses it to recognise the file. */
export const contextsFileKind = 'contexts file'

/** The name that stands for no context. */
export const noContext = 'none'

export type Value = string | number | boolean
/** Values by long option name; a list for an option that may be given more than once. */
export type Settings = Readonly<Record<string, Value | readonly Value[]>>

export interface Contexts {
  /** The context that is used without --context; undefined: none. */
  readonly current: string | undefined
  readonly contexts: ReadonlyMap<string, Settings>
}

export const nameHint = 'letters, digits, ".", "_" and "-", with a letter or digit first'

export function isContextName(name: string): boolean {
  return /^[A-Za-z\d][\w.-]{0,99}$/.test(name) && name !== noContext
}

/** The path of the file; undefined: the environment names no folder for settings. */
export function contextsPath(env: Environment): string | undefined {
  const folder = configFolder(env)
  if (folder !== undefined) return `${folder}/mqttx/contexts.json`
  return isAbsolute(env.APPDATA) ? `${env.APPDATA}\\mqttx\\contexts.json` : undefined
}

/** @throws UsageError that names the file, and the context with the mistake */
export function parseContexts(text: string, path: string): Contexts {
  const wrong = (reason: string) => {
    const hint = 'correct it in an editor, or move it away and create it again with mqttx context add'
    return new UsageError(`The contexts file "${path}" ${reason}.`, { hint })
  }
  let root: unknown
  try {
    root = JSON.parse(text)
  } catch (cause) {
    throw wrong(`is not JSON: ${shown((cause as Error).message)}`)
  }
  if (!isObject(root) || !isObject(root.contexts)) throw wrong('has no object as its member "contexts"')
  const contexts = new Map<string, Settings>()
  for (const [name, settings] of Object.entries(root.contexts)) {
    if (!isContextName(name))
      throw wrong(`has a context with the invalid name '${shown(name)}'; use ${nameHint}`)
    if (!isObject(settings)) throw wrong(`has a context '${name}' that is not an object`)
    for (const [key, value] of Object.entries(settings)) {
      if (!isSetting(value)) {
        throw wrong(
          `has a value for ${shown(key)} in '${name}' that is not a string, number, boolean or list`,
        )
      }
    }
    contexts.set(name, settings as Settings)
  }
  const { current } = root
  if (current === undefined || current === null) return { current: undefined, contexts }
  if (typeof current !== 'string' || !contexts.has(current)) {
    throw wrong(`names a current context that it does not define`)
  }
  return { current, contexts }
}

/** The contents of the file. */
export function formatContexts({ current, contexts }: Contexts): string {
  const file = { ...(current !== undefined && { current }), contexts: Object.fromEntries(contexts) }
  return `${JSON.stringify(file, null, 2)}\n`
}

/** The settings of a context. @throws UsageError with the nearest name */
export function contextNamed(name: string, { contexts }: Contexts): Settings {
  const settings = contexts.get(name)
  if (settings !== undefined) return settings
  throw new UsageError(`There is no context '${shown(name)}'.`, {
    hint:
      contexts.size === 0
        ? `create one with mqttx context add ${isContextName(name) ? name : 'NAME'} -h HOST`
        : suggestion(name, [...contexts.keys()], 'mqttx context ls'),
  })
}

/** A setting of a context: its option, and the text of each value. */
export interface ContextOption {
  /** As in the file: the long name without dashes. */
  readonly name: string
  readonly key: string
  readonly setting: AnyOption
  readonly texts: readonly string[]
}

/**
 * The settings in the order of `known`, whatever their order in the file.
 * @throws UsageError for a setting that is not in `known`, and for a list where one value is allowed
 */
export function optionsOf(settings: Settings, known: Options): ContextOption[] {
  const rows = Object.entries(known).map(([key, setting]) => {
    return { key, setting, name: namesOf(setting).long?.slice(2) ?? key }
  })
  const names = rows.map(({ name }) => name)
  for (const name of Object.keys(settings)) {
    if (names.includes(name)) continue
    throw new UsageError(`Unknown setting '${shown(name)}'.`, {
      hint: suggestion(name, names, 'mqttx context --help'),
    })
  }
  const options: ContextOption[] = []
  for (const { name, key, setting } of rows) {
    const value = Object.hasOwn(settings, name) ? settings[name] : undefined
    if (value === undefined) continue
    const texts = (Array.isArray(value) ? value : [value]).map(String)
    if (texts.length !== 1 && !isRepeatable(setting)) {
      throw new UsageError(`${name} takes one value, not a list.`)
    }
    options.push({ name, key, setting, texts })
  }
  return options
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isSetting(value: unknown): boolean {
  const single = (item: unknown) => ['string', 'number', 'boolean'].includes(typeof item)
  return Array.isArray(value) ? value.length > 0 && value.every(single) : single(value)
}
