// What every command has.
import { flag, indirect, question } from '../option.js'
import { parseName } from '../values.js'

const debug = flag({
  flags: '-d, --debug',
  group: 'General',
  help: 'Tell on stderr each packet that is sent or received.',
  doc: "In mosquitto's words, but on standard error: standard output is for messages.",
})

const quiet = flag({
  flags: '--quiet',
  group: 'General',
  help: 'No messages on stderr, except for a wrong command line.',
  doc: 'The exit status tells what happened.',
})

const optionsFile = indirect({
  flags: '-o, --options-file FILE',
  group: 'General',
  parse: parseName,
  role: 'optionsFile',
  complete: 'file',
  missing: 'no options file specified',
  help: 'Read options from this file instead of the default one.',
  doc: 'See OPTIONS FILE. May be given once.',
})

const context = indirect({
  flags: '--context NAME',
  group: 'General',
  parse: parseName,
  role: 'context',
  complete: 'context',
  help: 'Take the settings of this context; none: of no context.',
  doc: `See CONTEXTS. Without it, the context is that of \`mqttx context use\`, if there is one, and unless the command line
    or a variable says where the server is.`,
})

const help = question({
  flags: '--help',
  group: 'General',
  role: 'help',
  help: 'Print this text.',
})

const version = question({
  flags: '--version',
  group: 'General',
  role: 'version',
  help: 'Print the version.',
})

export const talkOptions = { debug, quiet }
export const optionsFileOptions = { optionsFile }
export const contextOption = { context }
export const quietOption = { quiet }
export const helpOptions = { help, version }
