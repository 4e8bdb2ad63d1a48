// The command line as it can be shown to others: without what is secret. Rather too little is shown than too much.

const secret = ['pw', 'password', 'password-command', 'psk', 'proxy', 'tls-engine-kpass-sha1'].join('|')
const secretOption = new RegExp(`^(?:--(?:${secret})|-[^-]*P)$`)
const secretForm = new RegExp(`^(--(?:${secret})=|-[^-]*P(?=\\d)).*$`, 's')

export function commandLine(words: readonly string[]): string {
  const shown = words.map((word, index) => {
    const [two, one] = [words[index - 2] ?? '', words[index - 1] ?? '']
    if (secretOption.test(one)) return '...'
    if (one === '--ws-header') return withoutValue(word)
    if (/^(?:auth|authentication)-data$/i.test(one) && /^connect$/i.test(two)) return '...'
    return word
      .replace(secretForm, '$1...')
      .replace(/^(--ws-header=)(.*)$/s, (_, name: string, header: string) => name + withoutValue(header))
      .replace(/^((?:--[\w-]+=)?\w+:\/\/[^/:@]*):.*@/s, '$1:...@')
  })
  return ['mqttx', ...shown.map(quoted)].join(' ')
}

function withoutValue(header: string): string {
  return header.replace(/:.*$/s, ': ...')
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
