// Colours, by chalk. Load it only if `wantsColor`: that takes longer than printing a short message.
import { Chalk } from 'chalk'

const chalk = new Chalk({ level: 1 })

export const style = {
  error: (text: string) => chalk.red.bold(text),
  heading: (text: string) => chalk.bold(text),
  option: (text: string) => chalk.cyan(text),
  // inspect: sender (Wireshark's colours of a stream), less important text, findings
  c2s: (text: string) => chalk.red(text),
  s2c: (text: string) => chalk.blueBright(text),
  faint: (text: string) => chalk.dim(text),
  /** The row of a screen on which keys act. */
  selected: (text: string) => chalk.inverse(text),
  found: {
    error: (text: string) => chalk.magenta.bold(text),
    warning: (text: string) => chalk.yellow(text),
    info: (text: string) => chalk.cyan(text),
  },
} as const

/** Colours of received messages. */
export const palette = { topic: style.option, faint: style.faint } as const
