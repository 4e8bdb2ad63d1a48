// Certificates for TLS tests, made by openssl: valid ones, and one for each possible defect.
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { scratch } from './run.js'

export interface Pair {
  readonly cert: string
  readonly key: string
}

export interface Certificates {
  /** The CA of all certificates except `selfSigned` and `stranger`. */
  readonly ca: Pair
  /** A directory with the CA under the hash of its name. */
  readonly capath: string
  /** For localhost and the loopback addresses. */
  readonly server: Pair
  readonly otherName: Pair
  readonly expired: Pair
  readonly early: Pair
  readonly selfSigned: Pair
  readonly client: Pair
  /** The client's, with a key that has the passphrase `open sesame`. */
  readonly encrypted: Pair
  /** A client certificate of an unknown CA. */
  readonly stranger: Pair
}

export const passphrase = 'open sesame'

const years = {
  ok: ['20200101000000Z', '20991231000000Z'],
  over: ['20200101000000Z', '20210304000000Z'],
} as const
const localhost = 'DNS:localhost,IP:127.0.0.1,IP:::1'

/** Paths of PEM files in a temporary folder; the server's certificate is for `names`. */
export function makeCertificates(names = localhost): Certificates {
  const folder = scratch('certificates')
  const path = (name: string) => join(folder, name)
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })

  function key(name: string): string {
    openssl('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', `${name}.key`)
    return path(`${name}.key`)
  }

  function root(name: string, title: string, extension = 'basicConstraints=critical,CA:TRUE'): Pair {
    key(name)
    const subject = ['-subj', `/CN=${title}`, '-addext', extension]
    openssl('req', '-x509', '-new', '-key', `${name}.key`, '-out', `${name}.crt`, '-days', '3650', ...subject)
    return { cert: path(`${name}.crt`), key: path(`${name}.key`) }
  }

  function issued(
    name: string,
    subjects: string,
    [from, to]: readonly [string, string] = years.ok,
    by = 'ca',
  ): Pair {
    key(name)
    openssl('req', '-new', '-key', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`)
    writeFileSync(path('names.cnf'), `subjectAltName=${subjects}\n`)
    const dates = ['-startdate', from, '-enddate', to]
    const issuer = ['-cert', `${by}.crt`, '-keyfile', `${by}.key`]
    openssl(
      ...['ca', '-batch', '-config', 'ca.cnf', '-notext', ...issuer, ...dates],
      ...['-extfile', 'names.cnf', '-in', `${name}.csr`, '-out', `${name}.crt`],
    )
    return { cert: path(`${name}.crt`), key: path(`${name}.key`) }
  }

  writeFileSync(path('index.txt'), '')
  writeFileSync(path('index.txt.attr'), 'unique_subject = no\n')
  writeFileSync(
    path('ca.cnf'),
    `[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nnew_certs_dir=.\nrand_serial=yes\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n`,
  )
  const ca = root('ca', 'Test CA')
  root('unknown', 'Nobody CA')
  const client = issued('client', 'DNS:client')
  openssl('pkcs8', '-topk8', '-in', 'client.key', '-out', 'encrypted.key', '-passout', `pass:${passphrase}`)
  mkdirSync(path('hashed'))
  const hash = openssl('x509', '-in', 'ca.crt', '-noout', '-subject_hash').toString().trim()
  execFileSync('cp', [ca.cert, join(path('hashed'), `${hash}.0`)])
  return {
    ca,
    capath: path('hashed'),
    server: issued('server', names),
    otherName: issued('other', 'DNS:a.example,DNS:*.b.example'),
    expired: issued('expired', localhost, years.over),
    early: issued('early', localhost, ['20980203000000Z', '20991231000000Z']),
    selfSigned: root('self', 'localhost', `subjectAltName=${localhost}`),
    client,
    encrypted: { cert: client.cert, key: path('encrypted.key') },
    stranger: issued('stranger', 'DNS:stranger', years.ok, 'unknown'),
  }
}
