// Placeholders in topics and payloads: %i, %c, %n, %t, and in payloads %r and %s; %% is a percent sign.

export interface Facts {
  /** %i: the number of the client, from 0. */
  readonly index: number
  /** %c: its Client Identifier. */
  readonly clientId: string
  /** %n: the number of the message among those of its client, from 0. */
  readonly message: number
  /** %t: the number of the topic that was chosen. */
  readonly topic: number
}

/** In payloads alone. */
export interface PayloadFacts extends Facts {
  /** %r: a whole number below a million. */
  readonly random: number
  /** %s: milliseconds since 1970. */
  readonly time: number
}

const inTopics: Readonly<Record<string, keyof Facts>> = {
  i: 'index',
  c: 'clientId',
  n: 'message',
  t: 'topic',
}
const inPayloads: Readonly<Record<string, keyof PayloadFacts>> = { ...inTopics, r: 'random', s: 'time' }

/** Fills in a topic. */
export function fillIn(template: string, facts: Facts): string {
  return template.replace(/%([icnt%])/g, (_, letter: string) => {
    const fact = inTopics[letter]
    return fact === undefined ? '%' : String(facts[fact])
  })
}

export function fillInPayload(template: string, facts: PayloadFacts): string {
  return template.replace(/%([icntrs%])/g, (_, letter: string) => {
    const fact = inPayloads[letter]
    return fact === undefined ? '%' : String(facts[fact])
  })
}

/** True where the template has one of the placeholders, `nt` for example. */
export function has(template: string, letters: string): boolean {
  return new RegExp(`%[${letters}]`).test(template.replaceAll('%%', ''))
}

/** The Topic Filter for all topics of a template: a level with a placeholder becomes `+`. */
export function filterOf(template: string): string {
  const levels = template.split('/').map((level) => (has(level, 'icnt') ? '+' : level))
  return levels.join('/').replaceAll('%%', '%')
}
