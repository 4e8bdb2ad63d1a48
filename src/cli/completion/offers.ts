// What completion offers at each position of a command line, for every shell.
import { type AnySpec, type Complete, namesOf, type Options } from '../option.js'

export type Offer = Exclude<Complete, readonly string[]> | { readonly words: readonly string[] } | 'nothing'

/** For the argument of an option. */
export function offerOf({ choices, complete }: Options[string]): Offer {
  return choices === undefined ? asOffer(complete) : { words: choices.map(String) }
}

/** The offers for the first operand and for the following ones. Undefined: the command takes none. */
export function operandsOf({
  options,
  operand,
  trailing,
}: AnySpec): { first: Offer; next: Offer } | undefined {
  if (trailing !== undefined) return { first: trailing.complete, next: 'nothing' }
  const option = operand === undefined ? undefined : options[operand]
  if (option === undefined) return undefined
  const first = offerOf(option)
  return {
    first,
    next: option.completeNext === undefined && first === 'file' ? 'file' : asOffer(option.completeNext),
  }
}

/** The options that users type, without one that is only a name for operands. */
export function typedOptions({ options, operand }: AnySpec): Options[string][] {
  const rows = Object.entries(options)
  // --read FILE is useful besides its operand; --do WORD is only a name for it.
  return rows
    .filter(([key, { complete, unlisted }]) => !unlisted && (key !== operand || complete === 'file'))
    .map(([, option]) => option)
}

export function allNames(option: Options[string]): string[] {
  const { short, long } = namesOf(option)
  return [short, long].filter((name) => name !== undefined)
}

function asOffer(complete: Complete | undefined): Offer {
  if (complete === undefined) return 'nothing'
  return typeof complete === 'string' ? complete : { words: complete }
}
