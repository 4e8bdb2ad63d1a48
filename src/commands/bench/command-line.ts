// The command line for the report, without secrets. When in doubt, a value is left out.

const secret = ['pw', 'password', 'password-command', 'psk', 'proxy', 'tls-engine-kpass-sha1'].join('|')
const secretOption = new RegExp(`^(?:--(?:${secret})|-[^-]*P)$`)
const secretForm = new RegExp(`^(--(?:${secret})=|-[^-]*P(?=\\d)).*$`, 's')

export function commandLine(args: readonly string[]): string {
  const shown = args.map((arg, index) => {
    const [beforeLast, last] = [args[index - 2] ?? '', args[index - 1] ?? '']
    if (secretOption.test(last)) return '...'
    if (last === '--ws-header') return withoutValue(arg)
    if (/^(?:auth|authentication)-data$/i.test(last) && /^connect$/i.test(beforeLast)) return '...'
    return arg
      .replace(secretForm, '$1...')
      .replace(/^(--ws-header=)(.*)$/s, (_, name: string, header: string) => name + withoutValue(header))
      .replace(/^((?:--[\w-]+=)?\w+:\/\/[^/:@]*):.*@/s, '$1:...@')
  })
  return ['mqttx', ...shown.map(quoted)].join(' ')
}

function withoutValue(header: string): string {
  return header.replace(/:.*$/s, ': ...')
}

function quoted(arg: string): string {
  return /^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`
}
