// Options of every command.
import { optionsOf } from '../option.js'
import { parseName } from '../values.js'

const { flag, indirect, infoFlag, option } = optionsOf('General')

const debug = flag({
  flags: '-d, --debug',
  help: 'Log each packet sent or received to stderr.',
  doc: "The texts are mosquitto's, but go to standard error: standard output is for messages.",
})

const trace = flag({
  flags: '--trace',
  orWith: 'traceFile',
  help: 'Show each packet byte by byte on stderr.',
  doc: `As \`inspect --view bytes\` shows them, also over TLS and WebSocket. Passwords and Authentication Data are hidden
    without {showSecrets}. With \`=FILE\` it is {traceFile}.`,
})

const traceFile = option({
  flags: '--trace-file FILE',
  parse: parseName,
  complete: 'file',
  help: 'Write the packets to this file, as pcapng.',
  doc: `For \`mqttx inspect\` and Wireshark: the bytes of MQTT with generated TCP headers. Without {showSecrets} each byte of
    a password or of Authentication Data is written as \`*\`. A file that exists is overwritten; a new one has mode 0600. Of packets above
    16 MiB the rest is missing.`,
})

const showSecrets = flag({
  flags: '--show-secrets',
  help: 'Show passwords and Authentication Data in --trace.',
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
export const traceOptions = { trace, traceFile, showSecrets }
export const optionsFileOptions = { optionsFile }
export const contextOption = { context }
export const quietOption = { quiet }
export const helpOptions = { help, version }
