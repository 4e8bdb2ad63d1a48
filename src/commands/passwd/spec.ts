// mqttx passwd: its words. What they ask for is in request.ts, what it does in run.ts.
import { flag, option, spec } from '../../cli/option.js'
import { helpOptions, quietOption } from '../../cli/options/general.js'
import { integer, parseName } from '../../cli/values.js'
import { UsageError } from '../../errors.js'
import { shown } from '../../text.js'
import { requestOf } from './request.js'

const hashTypes = ['argon2id', 'sha512-pbkdf2', 'sha512'] as const
type HashType = (typeof hashTypes)[number]

const formatNames = ['mosquitto', 'bcrypt', 'rabbitmq', 'emqx-csv'] as const
type FormatName = (typeof formatNames)[number]

function parseHashType(text: string): HashType {
  const found = hashTypes.find((name) => name === text)
  if (found !== undefined) return found
  throw new UsageError(`Unknown hash type '${shown(text)}'`, { hint: `use ${hashTypes.join(', ')}` })
}

function parseFormat(text: string): FormatName {
  const found = formatNames.find((name) => name === text)
  if (found !== undefined) return found
  throw new UsageError(`Unknown format '${shown(text)}'`, { hint: `use ${formatNames.join(', ')}` })
}

const maxIterations = 2 ** 31 - 1 // what its counter can hold

const notEnough = 'not enough other arguments'

const create = flag({
  flags: '-c, --create',
  group: 'Action',
  help: 'Make a new file, with this user only.',
  doc: `A password file that is there already is replaced, with a warning; any other file is left alone. With \`-\` for
    the file the line goes to standard output.`,
})

const remove = flag({
  flags: '-D, --delete',
  group: 'Action',
  help: 'Delete the user.',
})

const update = flag({
  flags: '-U, --update',
  group: 'Action',
  help: 'Hash the passwords of a file that has them as plain text.',
  doc: `Lines that are hashed already stay as they are. With \`-\` for the file, lines of the form USER:PASSWORD are read
    from standard input: the hashed lines go to standard output, or, if a FILE follows, into it.`,
})

const print = flag({
  flags: '-n, --print',
  group: 'Action',
  help: 'Print the line on standard output; no file is touched or named.',
})

const verify = flag({
  flags: '--verify',
  group: 'Action',
  help: 'Tell by the exit status whether the password is right.',
  doc: 'Status 0: it is; 4: it is not, or there is no such user; 1: the file cannot be used.',
})

const rehash = flag({
  flags: '--rehash',
  group: 'Action',
  help: 'With --verify: replace a hash that is weaker than a new one.',
  doc: `Weaker is another scheme than that of {hash} with less protection, or the same with fewer than
    {iterations}. Only the right password can be hashed again, so a line is replaced when it was verified.`,
})

const list = flag({
  flags: '--list',
  group: 'Action',
  help: 'Print the users of a file, each with the scheme and its cost.',
})

const audit = flag({
  flags: '--audit',
  group: 'Action',
  help: 'Print what is wrong or weak in a file; status 42 if anything is.',
  doc: `Found are: weak schemes, hashes that cost less than is recommended today (210000 iterations of sha512-pbkdf2, a
    cost of 10 for bcrypt, 7 MiB and 5 passes or their like for argon2id; {iterations} sets another least), hashes too
    expensive to verify, empty passwords and those that are the user name, duplicate users, names with invisible
    characters at their ends, malformed and empty lines, passwords that are not hashed, a last line without an end, and
    permissions that let others read the file.`,
})

const noGuess = flag({
  flags: '--no-guess',
  group: 'Action',
  help: 'With --audit: try no passwords, which takes long for many users.',
})

const ifChanged = flag({
  flags: '--if-changed',
  group: 'Action',
  help: 'Leave the file alone where the user has this password.',
  doc: `The hash in the file is verified first, and is kept if the password is right and the hash no weaker than a new one
    (as for {rehash}). A program that runs again and again then changes nothing. Also with {update} - FILE.`,
})

const json = flag({
  flags: '--json',
  group: 'Action',
  help: 'With --list or --audit: print JSON.',
})

const batch = flag({
  flags: '-b, --batch',
  group: 'Password',
  help: 'Take the password from the command line, where others see it.',
})

const passwordFile = option({
  flags: '--password-file FILE',
  group: 'Password',
  parse: parseName,
  complete: 'file',
  help: 'Take the password from a file; - is standard input.',
  doc: 'One line end behind the password is not part of it.',
})

const generate = flag({
  flags: '--generate',
  group: 'Password',
  help: 'Make a random password, and print it once.',
  doc: `It has 24 letters and digits, which is 142 bits, and is all that standard output gets; with {print} it goes to
    standard error.`,
})

const hash = option({
  flags: '-H, --hash HASH',
  group: 'Hash',
  choices: hashTypes,
  parse: parseHashType,
  missing: notEnough,
  shownDefault: 'sha512-pbkdf2',
  help: 'Scheme: argon2id, sha512-pbkdf2 or sha512.',
  doc: 'mosquitto knows argon2id from 2.1 on, if it was built with it; sha512 is for mosquitto before 2.0.',
})

const iterations = option({
  flags: '-I, --iterations COUNT',
  group: 'Hash',
  parse: integer({
    min: 1,
    max: maxIterations,
    refusal: (text) =>
      `Number of iterations must be ${Number(text) > maxIterations ? `from 1 to ${maxIterations}` : '> 0'}.`,
  }),
  missing: notEnough,
  shownDefault: '1000 for sha512-pbkdf2',
  help: 'How much work a guess is: iterations, passes or cost.',
  doc: `Iterations of sha512-pbkdf2, passes of argon2id (1), the cost of bcrypt (10, at most 31). More is safer and
    slower, for each login too.`,
})

const format = option({
  flags: '--format FORMAT',
  group: 'Hash',
  choices: formatNames,
  parse: parseFormat,
  default: 'mosquitto',
  help: 'Whose file it is: mosquitto, bcrypt, rabbitmq or emqx-csv.',
  doc: `bcrypt: lines USER:HASH for EMQX, htpasswd and others. rabbitmq: the hashes of
    \`rabbit_password_hashing_sha256\`. emqx-csv: the import file of EMQX's built-in database, for \`sha256\` with the
    salt as prefix.`,
})

const jobs = option({
  flags: '--jobs COUNT',
  group: 'Hash',
  parse: integer({ min: 1, max: 1024 }),
  shownDefault: 'the number of cores',
  help: 'With -U and --audit: how many passwords are hashed at a time.',
})

export const passwd = spec({
  name: 'passwd',
  summary: 'Keep the users of a password file.',
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
    `Adds a user to a password file of mosquitto's, or gives him another password. The password is asked for twice: on a
    terminal it is not shown, and where standard input is something else, two lines of it are read.`,
    `A file is replaced in one step, so that nobody ever sees a part of it: after a failure, or a loss of power, it is the
    old or the new one. Owner and mode stay, as do comments and lines that are not understood; a symbolic link is
    followed; a new file is for its owner only. Runs at the same time wait for one another, by a file with \`.lock\` at
    the end of its name.`,
  ],
  examples: [
    ['A new file with a user, whose password is asked for', 'mqttx passwd -c users ada'],
    ['A random password for another', 'mqttx passwd --generate users bob'],
    ['Many users, from lines USER:PASSWORD', 'mqttx passwd -U - < plain > users'],
  ],
  trailing: { complete: 'file' },
  options: {
    ...{ create, remove, update, print, verify, rehash, ifChanged, list, audit, noGuess, json },
    ...{ batch, passwordFile, generate },
    ...{ hash, iterations, format, jobs },
    ...quietOption,
    ...helpOptions,
  },
  exclusive: [],
  check: requestOf,
})
