// mqttx passwd: options, help and checks. request.ts parses the arguments; run.ts executes it.
import { optionsOf, spec } from '../../cli/option.js'
import { helpOptions, quietOption } from '../../cli/options/general.js'
import { integer, parseName } from '../../cli/values.js'
import { UsageError } from '../../errors.js'
import { shown } from '../../text.js'
import { requestOf } from './request.js'

const { flag } = optionsOf('Action')
const inHash = optionsOf('Hash')
const inPassword = optionsOf('Password')

const hashTypes = ['argon2id', 'sha512-pbkdf2', 'sha512'] as const

const formatNames = ['mosquitto', 'bcrypt', 'rabbitmq', 'emqx-csv'] as const

/** A parser of one of `names`; `what` names their kind. */
function oneOf<T extends string>(what: string, names: readonly T[]): (text: string) => T {
  return (text) => {
    const found = names.find((name) => name === text)
    if (found !== undefined) return found
    throw new UsageError(`Unknown ${what} '${shown(text)}'`, { hint: `use ${names.join(', ')}` })
  }
}

const maxIterations = 2 ** 31 - 1 // a 32-bit counter

const notEnough = 'not enough other arguments'

const create = flag({
  flags: '-c, --create',
  help: 'Create a new file with this user only.',
  doc: `An existing password file is replaced, with a warning; any other file is an error. If FILE is \`-\`, the line goes
    to standard output.`,
})

const remove = flag({ flags: '-D, --delete', help: 'Delete the user.' })

const update = flag({
  flags: '-U, --update',
  help: 'Hash the plain-text passwords of a file.',
  doc: `Lines with a hash are kept. If FILE is \`-\`, lines of the form USER:PASSWORD are read from standard input; the
    hashed lines go to standard output, or into a second FILE.`,
})

const print = flag({ flags: '-n, --print', help: 'Print the line on standard output; takes no file.' })

const verify = flag({
  flags: '--verify',
  help: 'Verify a password; the result is the exit status.',
  doc: 'Status 0: correct; 4: wrong password or unknown user; 1: the file cannot be used.',
})

const rehash = flag({
  flags: '--rehash',
  help: 'With --verify: replace a hash weaker than a new one.',
  doc: `A hash is weaker if its scheme gives less protection than that of {hash}, or if it is the same scheme with fewer
    {iterations}. Rehashing needs the password, so a line is replaced only after successful verification.`,
})

const list = flag({ flags: '--list', help: 'Print the users of a file with scheme and cost.' })

const audit = flag({
  flags: '--audit',
  help: 'Print problems in a file; status 42 if there are any.',
  doc: `Reports weak schemes, hashes below today's recommended cost (210000 iterations of sha512-pbkdf2, bcrypt cost 10, 7
    MiB and 5 passes or equivalent for argon2id; {iterations} sets another minimum), hashes too expensive to verify,
    empty passwords, passwords equal to the user name, duplicate users, names that begin or end with invisible
    characters, malformed and empty lines, unhashed passwords, a last line without a line feed, and file permissions
    that are too open.`,
})

const noGuess = flag({
  flags: '--no-guess',
  help: 'With --audit: do not test for guessable passwords, which is slow.',
})

const ifChanged = flag({
  flags: '--if-changed',
  help: 'Change nothing if the user already has this password.',
  doc: `The hash in the file is kept if it matches the password and is no weaker than a new one (as for {rehash}), so that
    a program can run it repeatedly. Also with {update} - FILE.`,
})

const json = flag({ flags: '--json', help: 'With --list or --audit: print JSON.' })

const batch = inPassword.flag({
  flags: '-b, --batch',
  help: 'Take the password from the command line, visible to other users.',
})

const passwordFile = inPassword.option({
  flags: '--password-file FILE',
  parse: parseName,
  complete: 'file',
  help: 'Read the password from FILE; - is standard input.',
  doc: 'One trailing line ending is removed.',
})

const generate = inPassword.flag({
  flags: '--generate',
  help: 'Generate a random password and print it once.',
  doc: `24 letters and digits, 142 bits. Standard output gets only the password; with {print} it goes to standard error.`,
})

const hash = inHash.option({
  flags: '-H, --hash HASH',
  choices: hashTypes,
  parse: oneOf('hash type', hashTypes),
  missing: notEnough,
  shownDefault: 'sha512-pbkdf2',
  help: 'Scheme: argon2id, sha512-pbkdf2 or sha512.',
  doc: 'mosquitto supports argon2id from 2.1 on, if built with it; sha512 is for mosquitto before 2.0.',
})

const iterations = inHash.option({
  flags: '-I, --iterations COUNT',
  parse: integer({
    min: 1,
    max: maxIterations,
    refusal: (text) =>
      `Number of iterations must be ${Number(text) > maxIterations ? `from 1 to ${maxIterations}` : '> 0'}.`,
  }),
  missing: notEnough,
  shownDefault: '1000 for sha512-pbkdf2',
  help: 'Hashing cost: iterations, passes or bcrypt cost.',
  doc: `Iterations of sha512-pbkdf2, passes of argon2id (default 1), cost of bcrypt (default 10, at most 31). A higher cost
    is safer, and slows down each login.`,
})

const format = inHash.option({
  flags: '--format FORMAT',
  choices: formatNames,
  parse: oneOf('format', formatNames),
  default: 'mosquitto',
  help: 'File format: mosquitto, bcrypt, rabbitmq or emqx-csv.',
  doc: `bcrypt: lines USER:HASH for EMQX, htpasswd and others. rabbitmq: the hashes of
    \`rabbit_password_hashing_sha256\`. emqx-csv: the import file of EMQX's built-in database, for \`sha256\` with a
    salt prefix.`,
})

const jobs = inHash.option({
  flags: '--jobs COUNT',
  parse: integer({ min: 1, max: 1024 }),
  shownDefault: 'the number of cores',
  help: 'With -U and --audit: number of passwords hashed at a time.',
})

export const passwd = spec({
  name: 'passwd',
  summary: 'Manage the users of a password file.',
  synopsis: [
    '[-H HASH] [-c] FILE USER',
    '[-H HASH] [-c] -b FILE USER PASSWORD',
    '-D FILE USER',
    '-U FILE',
    '-U - [FILE] < LINES',
    '--verify FILE USER',
    '--list|--audit FILE',
    '-n USER',
  ],
  description: [
    `Adds a user to a mosquitto password file, or changes the user's password. It prompts for the password twice, without
    echo on a terminal; if standard input is not a terminal, it reads two lines.`,
    `The file is replaced atomically: after a crash or power loss it is the old or the new file. Owner, mode, comments and
    unrecognised lines are kept; symbolic links are followed; a new file is accessible only to its owner. Concurrent runs
    wait for each other, with a lock file whose name ends in \`.lock\`.`,
  ],
  examples: [
    ['Create a file with a user and prompt for the password', 'mqttx passwd -c users ada'],
    ['Add a user with a random password', 'mqttx passwd --generate users bob'],
    ['Hash many users from lines USER:PASSWORD', 'mqttx passwd -U - < plain > users'],
  ],
  trailing: { complete: 'file' },
  options: {
    ...{ create, remove, update, print, verify, rehash, ifChanged, list, audit, noGuess, json },
    ...{ batch, passwordFile, generate },
    ...{ hash, iterations, format, jobs },
    ...quietOption,
    ...helpOptions,
  },
  common: [
    ...(['create', 'remove', 'update', 'verify', 'list', 'audit', 'print'] as const),
    ...(['passwordFile', 'generate', 'hash'] as const),
  ],
  exclusive: [],
  check: requestOf,
})
