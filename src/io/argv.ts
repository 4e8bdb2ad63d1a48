// Restores the bytes of command-line arguments that are not UTF-8, which Node replaces by U+FFFD.
import { readFileSync } from 'node:fs'
import { bytesToText } from '../byte-text.js'

/** `argv` with the original bytes, on systems that provide them (Linux). */
export function faithfulArgv(argv: readonly string[]): readonly string[] {
  if (!argv.some((word) => word.includes('\ufffd'))) return argv
  try {
    const words = splitAtNul(readFileSync('/proc/self/cmdline'))
    return words.slice(words.length - argv.length).map(bytesToText)
  } catch {
    return argv
  }
}

function splitAtNul(bytes: Buffer): Buffer[] {
  const words: Buffer[] = []
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(0, start)
    words.push(bytes.subarray(start, end))
    start = end + 1
  }
  return words
}
