// The options file: its default path, and how its lines are split into arguments. The caller reads the file.
import { configFolder, type Environment, isAbsolute } from './environment.js'

/**
 * The path of the default options file, which need not exist. Undefined: the environment names no folder for
 * it. `name` is the file name that mosquitto uses, such as `mosquitto_pub`.
 */
export function optionsFilePath(env: Environment, name: string): string | undefined {
  const folder = configFolder(env)
  if (folder !== undefined) return `${folder}/${name}`
  // Windows.
  return isAbsolute(env.USERPROFILE) ? `${env.USERPROFILE}\\${name}.conf` : undefined
}

/**
 * Yields the number (from 1) and the arguments of each line, except blank lines and comments (`#` in the
 * first column). A line is `OPTION`, `--OPTION=VALUE` or `OPTION VALUE`. The value is everything after the
 * first space, unchanged: quotes and trailing spaces belong to it.
 */
export function* optionsFileArguments(text: string): Generator<[line: number, argv: string[]]> {
  let number = 0
  for (const rawLine of text.split('\n')) {
    number++
    const line = rawLine.replace(/\r+$/, '')
    if (line.startsWith('#') || line.trim() === '') continue
    yield [number, argumentsOf(line.replace(/^ +/, ''))]
  }
}

function argumentsOf(line: string): string[] {
  const space = line.indexOf(' ')
  if (space < 0 || /^--[a-z-]+=/.test(line)) return [line]
  return [line.slice(0, space), line.slice(space + 1)]
}
