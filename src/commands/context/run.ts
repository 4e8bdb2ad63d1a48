// mqttx context: changes or prints the contexts file.
import { resolve } from 'node:path'
import { type Contexts, contextNamed, noContext, optionsOf, type Settings } from '../../cli/contexts.js'
import type { Args } from '../../cli/option.js'
import { contextSettings } from '../../cli/options/context.js'
import { ExitCode, UsageError } from '../../errors.js'
import type { Host } from '../../host.js'
import { print } from '../../io/print.js'
import { changeContexts, contextsFile, readContexts } from '../contexts-file.js'
import { listing, redacted } from './show.js'
import { type context, requestOf, settingsOf } from './spec.js'

export async function run(args: Args<typeof context.options>, host: Host): Promise<number> {
  const given = settingsOf(args)
  const { action, names } = requestOf(args.words, args.replace, Object.keys(given))
  const path = contextsFile(host)
  const [name = ''] = names
  switch (action) {
    case 'add':
      await changeContexts(path, added(name, withWholePaths(given), args.replace))
      break
    case 'ls':
      await print(host.stdout, listing(readContexts(path)))
      break
    case 'show':
      await print(host.stdout, redacted(inEffect(names[0] ?? host.env.MQTTX_CONTEXT, readContexts(path))))
      break
    case 'use':
      await changeContexts(path, used(name))
      break
    case 'rm':
      await changeContexts(path, removed(names))
  }
  return ExitCode.ok
}

type Change = (contexts: Contexts) => Contexts

function added(name: string, settings: Settings, replacing: boolean): Change {
  return ({ current, contexts }) => {
    if (contexts.has(name) && !replacing) {
      const hint = 'use --replace to overwrite it'
      throw new UsageError(`Context '${name}' already exists.`, { hint })
    }
    return { current, contexts: new Map(contexts).set(name, settings) }
  }
}

function used(name: string): Change {
  return (file) => {
    if (name === noContext) return { ...file, current: undefined }
    contextNamed(name, file)
    return { ...file, current: name }
  }
}

function removed(names: readonly string[]): Change {
  return (file) => {
    const contexts = new Map(file.contexts)
    for (const name of names) {
      contextNamed(name, file)
      contexts.delete(name)
    }
    const { current } = file
    return { current: current !== undefined && contexts.has(current) ? current : undefined, contexts }
  }
}

function inEffect(name: string | undefined, file: Contexts): Settings {
  const wanted = name || file.current
  if (wanted !== undefined && wanted !== noContext) return contextNamed(wanted, file)
  throw new UsageError('No current context.', { hint: 'mqttx context show NAME, or mqttx context use NAME' })
}

/** Makes file paths absolute: a context is used from any directory. */
function withWholePaths(settings: Settings): Settings {
  const whole: Record<string, Settings[string]> = { ...settings }
  for (const { name, setting, texts } of optionsOf(settings, contextSettings)) {
    if (setting.complete === 'file' || setting.complete === 'directory') whole[name] = resolve(texts[0] ?? '')
  }
  return whole
}
