// UTF-8 Encoded Strings as the standard wants them (MQTT 5.0, 1.5.4), checked without an allocation: topics pass here.

export type Utf8Fault = 'nul' | 'ill-formed'

/** What is wrong with the text in `bytes` from `start` to `end`: U+0000, or anything that is not UTF-8. */
export function utf8Fault(bytes: Uint8Array, start: number, end: number): Utf8Fault | undefined {
  for (let at = start; at < end; ) {
    const first = bytes[at++]!
    if (first === 0) return 'nul'
    if (first < 0x80) continue
    const more = first < 0xc2 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : 0
    if (more === 0 || at + more > end) return 'ill-formed'
    const second = bytes[at]!
    // Overlong forms, surrogates (U+D800 to U+DFFF), and what is beyond U+10FFFF show in the second byte.
    const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
    const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
    if (second < least || second > most) return 'ill-formed'
    for (let i = 1; i < more; i++) if ((bytes[at + i]! & 0xc0) !== 0x80) return 'ill-formed'
    at += more
  }
  return undefined
}
