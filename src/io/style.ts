// Colours, for those who have found that they are wanted (`wantsColor`): loading chalk costs more than a short message.
import { Chalk } from 'chalk'

const chalk = new Chalk({ level: 1 })

export const style = {
  error: (text: string) => chalk.red.bold(text),
  heading: (text: string) => chalk.bold(text),
  option: (text: string) => chalk.cyan(text),
  // inspect: who sends, what is beside the point, what is wrong
  c2s: (text: string) => chalk.red(text),
  s2c: (text: string) => chalk.blueBright(text),
  faint: (text: string) => chalk.dim(text),
  fault: (text: string) => chalk.yellow.bold(text),
} as const
