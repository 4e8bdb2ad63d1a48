// Command lines as a test writes them.
import type { Args, Options, Spec } from '../../src/cli/option.js'
import { parse } from '../../src/cli/parse.js'
import type { Surroundings } from '../../src/cli/sources.js'
import { UsageError } from '../../src/errors.js'

/** No options file anywhere. */
export const nowhere: Surroundings = { env: {}, readFile: () => undefined }

/** A home with the options file `text`. */
export function withFile(text: string, name = 'mosquitto_pub'): Surroundings {
  const path = `/home/me/.config/${name}`
  return { env: { HOME: '/home/me' }, readFile: (asked) => (asked === path ? text : undefined) }
}

/** Cuts at blanks; `''` is the empty word. */
export function words(line: string): string[] {
  return line.split(' ').flatMap((word) => (word === "''" ? [''] : word === '' ? [] : [word]))
}

export function argsOf<O extends Options>(
  spec: Spec<O>,
  line: string | readonly string[],
  surroundings = nowhere,
): Args<O> {
  const parsed = parse(spec, typeof line === 'string' ? words(line) : line, surroundings)
  if (parsed.wants !== 'run') throw new Error(`the words ask for ${parsed.wants}`)
  return parsed.args
}

/** The message and the hint of the UsageError that reading the words ends with. */
export function refusalOf<O extends Options>(
  spec: Spec<O>,
  line: string | readonly string[],
  surroundings = nowhere,
): { message: string; hint: string | undefined } {
  try {
    parse(spec, typeof line === 'string' ? words(line) : line, surroundings)
  } catch (error) {
    if (error instanceof UsageError) return { message: error.message, hint: error.hint }
    throw error
  }
  throw new Error('the words were accepted')
}
