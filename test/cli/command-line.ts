// Parses command lines that tests give as text.
import type { Args, Options, Spec } from '../../src/cli/option.js'
import { parse } from '../../src/cli/parse.js'
import type { CliEnvironment } from '../../src/cli/sources.js'
import { UsageError } from '../../src/errors.js'

/** No environment and no files. */
export const nowhere: CliEnvironment = { env: {}, readFile: () => undefined }

/** A home directory with the options file `text`. */
export function withFile(text: string, name = 'mosquitto_pub'): CliEnvironment {
  const path = `/home/me/.config/${name}`
  return { env: { HOME: '/home/me' }, readFile: (asked) => (asked === path ? text : undefined) }
}

/** Splits at blanks; `''` is the empty argument. */
export function argvOf(line: string): string[] {
  return line.split(' ').flatMap((arg) => (arg === "''" ? [''] : arg === '' ? [] : [arg]))
}

export function argsOf<O extends Options>(
  spec: Spec<O>,
  line: string | readonly string[],
  cliEnvironment = nowhere,
): Args<O> {
  const parsed = parse(spec, typeof line === 'string' ? argvOf(line) : line, cliEnvironment)
  if (parsed.wants !== 'run') throw new Error(`the command line asks for ${parsed.wants}`)
  return parsed.args
}

/** The message and the hint of the UsageError that parsing throws. */
export function refusalOf<O extends Options>(
  spec: Spec<O>,
  line: string | readonly string[],
  cliEnvironment = nowhere,
): { message: string; hint: string | undefined } {
  try {
    parse(spec, typeof line === 'string' ? argvOf(line) : line, cliEnvironment)
  } catch (error) {
    if (error instanceof UsageError) return { message: error.message, hint: error.hint }
    throw error
  }
  throw new Error('the command line was accepted')
}
