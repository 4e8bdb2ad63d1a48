// Placeholders: %i, %c, %n and %t in topics and payloads, %r and %s in payloads; %% is a percent sign.

export interface PlaceholderValues {
  /** %i: client number, from 0. */
  readonly index: number
  /** %c: Client Identifier. */
  readonly clientId: string
  /** %n: message number per client, from 0. */
  readonly message: number
  /** %t: number of the selected topic (--topics). */
  readonly topic: number
}

/** In payloads only. */
export interface PayloadValues extends PlaceholderValues {
  /** %r: random integer, 0 to 999,999. */
  readonly random: number
  /** %s: milliseconds since 1970. */
  readonly time: number
}

const topicPlaceholders: Readonly<Record<string, keyof PlaceholderValues>> = {
  i: 'index',
  c: 'clientId',
  n: 'message',
  t: 'topic',
}
const payloadPlaceholders: Readonly<Record<string, keyof PayloadValues>> = {
  ...topicPlaceholders,
  r: 'random',
  s: 'time',
}

/** Fills in a topic. */
export function fillIn(template: string, values: PlaceholderValues): string {
  return template.replace(/%([icnt%])/g, (_, letter: string) => {
    const key = topicPlaceholders[letter]
    return key === undefined ? '%' : String(values[key])
  })
}

export function fillInPayload(template: string, values: PayloadValues): string {
  return template.replace(/%([icntrs%])/g, (_, letter: string) => {
    const key = payloadPlaceholders[letter]
    return key === undefined ? '%' : String(values[key])
  })
}

/** True if the template contains one of these placeholders, for example `nt`. */
export function hasPlaceholder(template: string, letters: string): boolean {
  return new RegExp(`%[${letters}]`).test(template.replaceAll('%%', ''))
}

/** The Topic Filter that matches all topics of a template: levels with a placeholder become `+`. */
export function topicFilterOf(template: string): string {
  const levels = template.split('/').map((level) => (hasPlaceholder(level, 'icnt') ? '+' : level))
  return levels.join('/').replaceAll('%%', '%')
}
