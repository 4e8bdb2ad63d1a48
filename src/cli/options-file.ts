// The options file: its path, and how its lines become arguments. The caller reads the file.
import { configFolder, type Environment, isAbsolute } from './environment.js'

/** The path of the default options file; `name` is mosquitto's, as in `mosquitto_pub`. Undefined: there is none. */
export function optionsFilePath(env: Environment, name: string): string | undefined {
  const folder = configFolder(env)
  if (folder !== undefined) return `${folder}/${name}`
  return isAbsolute(env.USERPROFILE) ? `${env.USERPROFILE}\\${name}.conf` : undefined
}

/**
 * The arguments on each line, with its number: an option, and after the first blank its argument as it is, with quotes
 * and trailing blanks. A line that starts with `#` is a comment.
 */
export function* optionsFileArguments(text: string): Generator<[line: number, argv: string[]]> {
  let number = 0
  for (const whole of text.split('\n')) {
    number++
    const line = whole.replace(/\r+$/, '')
    if (line.startsWith('#')) continue
    if (line.trim() === '') continue
    yield [number, argumentsOf(line.replace(/^ +/, ''))]
  }
}

function argumentsOf(line: string): string[] {
  const blank = line.indexOf(' ')
  if (blank < 0 || /^--[a-z-]+=/.test(line)) return [line]
  return [line.slice(0, blank), line.slice(blank + 1)]
}
