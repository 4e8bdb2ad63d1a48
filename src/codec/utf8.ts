// Checks UTF-8 Encoded Strings (MQTT 5.0, 1.5.4), without an allocation.

export type Utf8Fault = 'nul' | 'ill-formed'

/** The fault of `bytes` from `start` to `end`: U+0000 or invalid UTF-8; undefined if valid. */
export function utf8Fault(bytes: Uint8Array, start: number, end: number): Utf8Fault | undefined {
  for (let at = start; at < end; ) {
    const first = bytes[at++]!
    if (first === 0) return 'nul'
    if (first < 0x80) continue
    const more = first < 0xc2 ? 0 : first < 0xe0 ? 1 : first < 0xf0 ? 2 : first < 0xf5 ? 3 : 0
    if (more === 0 || at + more > end) return 'ill-formed'
    const second = bytes[at]!
    // The second byte shows overlong forms, surrogates (U+D800 to U+DFFF), and code points above U+10FFFF.
    const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80
    const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf
    if (second < least || second > most) return 'ill-formed'
    for (let i = 1; i < more; i++) if ((bytes[at + i]! & 0xc0) !== 0x80) return 'ill-formed'
    at += more
  }
  return undefined
}
