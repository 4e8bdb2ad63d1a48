// The options file: where it is, and which words its lines are. Reading it is the caller's.
import { configFolder, type Environment, isAbsolute } from './environment.js'

/** The default options file of a command, `name` being the reference's: `mosquitto_pub`. Undefined: there is none. */
export function optionsFilePath(env: Environment, name: string): string | undefined {
  const folder = configFolder(env)
  if (folder !== undefined) return `${folder}/${name}`
  return isAbsolute(env.USERPROFILE) ? `${env.USERPROFILE}\\${name}.conf` : undefined
}

/**
 * The words of each line, with its number: an option, and behind the first blank its argument as it stands, quotes and
 * trailing blanks included. A line that starts with `#` is a comment.
 */
export function* optionsFileWords(text: string): Generator<[line: number, words: string[]]> {
  let number = 0
  for (const whole of text.split('\n')) {
    number++
    const line = whole.replace(/\r+$/, '')
    if (line.startsWith('#')) continue
    const words = line.trimStart()
    if (words === '') continue
    yield [number, wordsOf(line.replace(/^ +/, ''))]
  }
}

function wordsOf(line: string): string[] {
  const blank = line.indexOf(' ')
  if (blank < 0 || /^--[a-z-]+=/.test(line)) return [line]
  return [line.slice(0, blank), line.slice(blank + 1)]
}
