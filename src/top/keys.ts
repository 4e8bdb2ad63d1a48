// The keys of a terminal from the text that it sends (ECMA-48, 5.4; xterm's function keys).

/** A key with a name, or a character. */
export type Key = string

const named: Readonly<Record<string, Key>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\b': 'backspace',
  '\x7f': 'backspace',
  '\x03': 'ctrl-c',
  '\x0c': 'ctrl-l',
  '\x15': 'ctrl-u',
  '\x1a': 'ctrl-z',
  '\x1b': 'escape',
  '\x1c': 'ctrl-\\',
}

/** By what follows ESC [ or ESC O. */
const sequences: Readonly<Record<string, Key>> = {
  A: 'up',
  B: 'down',
  C: 'right',
  D: 'left',
  H: 'home',
  F: 'end',
  M: 'enter',
  '1~': 'home',
  '4~': 'end',
  '5~': 'page up',
  '6~': 'page down',
  '7~': 'home',
  '8~': 'end',
}

/** A sequence, as far as it has arrived: `ESC [ parameters letter` or `ESC O letter`. */
const whole = /^\x1b(?:\[[0-?]*[ -/]*[@-~]|O.)/s
const begun = /^\x1b(?:\[[0-?]*[ -/]*|O)$/
/** Characters of a sequence that does not end: they are ignored. */
const longest = 32

/** Cuts the text into keys; what it does not know is ignored. */
export class KeyReader {
  #pending = ''

  read(text: string): Key[] {
    let rest = this.#pending + text
    this.#pending = ''
    const keys: Key[] = []
    while (rest !== '') {
      const sequence = whole.exec(rest)?.[0]
      if (sequence !== undefined) {
        // Modifiers, as in ESC [ 1 ; 5 A, make no difference.
        const known =
          sequences[
            sequence
              .slice(2)
              .replace(/^1?;\d+/, '')
              .replace(/;\d+~$/, '~')
          ]
        if (known !== undefined) keys.push(known)
        rest = rest.slice(sequence.length)
      } else if (begun.test(rest) && rest.length < longest) {
        this.#pending = rest
        return keys
      } else {
        const [character] = rest
        const key = named[character!] ?? (character! >= ' ' ? character! : undefined)
        if (key !== undefined) keys.push(key)
        rest = rest.slice(character!.length)
      }
    }
    return keys
  }
}
