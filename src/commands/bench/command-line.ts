// The command line as it can be shown to others: without what is secret.

const secretOptions = new Set(['-P', '--pw', '--password', '--psk', '--proxy'])

export function commandLine(words: readonly string[]): string {
  const shown = words.map((word, index) => {
    if (secretOptions.has(words[index - 1] ?? '')) return '...'
    const equals = /^(--(?:pw|password|psk|proxy)=)/.exec(word)
    if (equals !== null) return `${equals[1]}...`
    return word.replace(/^(\w+:\/\/[^/@:]*):[^@/]*@/, '$1:...@')
  })
  return ['mqttx', ...shown.map(quoted)].join(' ')
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
