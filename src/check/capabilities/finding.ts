// What was found out about one capability of a server.
import { reasonText } from '../../codec/reason-codes.js'
import { Violation } from '../violation.js'

export interface Finding {
  /** What the server can; undefined if it could not be found out: `detail` says why. */
  readonly value: boolean | number | string | undefined
  /** How it shows, or why not: one line, which may be empty. */
  readonly detail: string
  /** `value` is the largest that was tried; the limit was not reached. */
  readonly isAtLeast?: true
  /** The server itself says that it lacks this. */
  readonly isDeclared?: true
}

export const yes = (detail = ''): Finding => ({ value: true, detail })
export const no = (detail: string): Finding => ({ value: false, detail })
export const declaredNo = (detail: string): Finding => ({ value: false, detail, isDeclared: true })
export const unknown = (detail: string): Finding => ({ value: undefined, detail })

/** `yes`, or `no` with `detail`. */
export const found = (holds: boolean, detail: string): Finding => (holds ? yes() : no(detail))

/** The server says that it lacks a feature. */
export class Lacking extends Violation {}

/** Reason Codes that mean that the server lacks a feature (MQTT 5.0, 2.4). */
const notSupported = new Set([0x84, 0x9a, 0x9b, 0x9e, 0xa1, 0xa2])

/** The server refuses: by a Reason Code, or by ending the connection. */
export class Refusal extends Violation {
  /** Undefined: it ended the connection without one. */
  readonly code: number | undefined

  /** `what`: the packet, or what was refused. */
  constructor(what: string, code: number | undefined, version: number) {
    super(code === undefined ? what : `${what} ${codeText(code, version)}`)
    this.code = code
  }

  /** What a probe has found that ends with this. */
  get finding(): Finding {
    const isDeclared = this.code !== undefined && notSupported.has(this.code)
    return isDeclared ? declaredNo(this.message) : no(this.message)
  }
}

function codeText(code: number, version: number): string {
  return version === 5 ? reasonText(code) : `0x${code.toString(16).padStart(2, '0')}`
}
