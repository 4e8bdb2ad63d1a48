// How many columns of a terminal a text takes, and texts of a given width.
import { eastAsianWidth } from 'get-east-asian-width'

/** Characters of one column. */
export const ascii = /^[ -~]*$/
/** Characters without a width of their own. */
const zeroWidth = /^[\p{Mn}\p{Me}\p{Cf}]$/u

/** Columns of `text`, which must not contain control characters or escape sequences. */
export function displayWidth(text: string): number {
  if (ascii.test(text)) return text.length
  let width = 0
  for (const character of text) width += widthOf(character)
  return width
}

/** Columns of one character. */
export function widthOf(character: string): number {
  const code = character.codePointAt(0)!
  if (code < 0x300) return 1
  return zeroWidth.test(character) ? 0 : eastAsianWidth(code)
}

/** `text`, cut to `width` columns with `...` at the end if it is longer. */
export function fitted(text: string, width: number): string {
  if (displayWidth(text) <= width) return text
  let cut = ''
  let used = 0
  for (const character of text) {
    used += widthOf(character)
    if (used > width - 3) break
    cut += character
  }
  return `${cut}...`
}

/** `text` padded with spaces to `width` columns. */
export function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - displayWidth(text)))
}

/** As much of the beginning of `text` as `width` columns hold. */
export function clipped(text: string, width: number): string {
  if (text.length <= width && ascii.test(text)) return text
  let cut = ''
  let used = 0
  for (const character of text) {
    used += widthOf(character)
    if (used > width) break
    cut += character
  }
  return cut
}
