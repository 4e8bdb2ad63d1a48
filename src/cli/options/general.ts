// Options of every command.
import { optionsOf } from '../option.js'
import { parseName } from '../values.js'

const { flag, indirect, infoFlag } = optionsOf('General')

const debug = flag({
  flags: '-d, --debug',
  help: 'Log each packet sent or received to stderr.',
  doc: "The texts are mosquitto's, but go to standard error: standard output is for messages.",
})

const quiet = flag({
  flags: '--quiet',
  help: 'Print nothing to stderr, except for a wrong command line.',
  doc: 'The exit status says what happened.',
})

const optionsFile = indirect({
  flags: '-o, --options-file FILE',
  parse: parseName,
  role: 'optionsFile',
  complete: 'file',
  missing: 'no options file specified',
  help: 'Read options from this file instead of the default one.',
  doc: 'See OPTIONS FILE. May be given once.',
})

const context = indirect({
  flags: '--context NAME',
  parse: parseName,
  role: 'context',
  complete: 'context',
  help: 'Use the settings of this context, or none.',
  doc: `See CONTEXTS. Default: the context chosen by \`mqttx context use\`, unless the command line or the environment names
    a server.`,
})

const help = infoFlag({
  flags: '--help',
  role: 'help',
  help: 'Print common options; --help all prints every option.',
})

const version = infoFlag({ flags: '--version', role: 'version', help: 'Print the version.' })

export const talkOptions = { debug, quiet }
export const optionsFileOptions = { optionsFile }
export const contextOption = { context }
export const quietOption = { quiet }
export const helpOptions = { help, version }
