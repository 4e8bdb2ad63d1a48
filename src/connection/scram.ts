// SCRAM client (RFC 5802, RFC 7677) for enhanced authentication (MQTT 5.0, 4.12).
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { MqttxError } from '../errors.js'

const hashes: Readonly<Record<string, string>> = {
  'SCRAM-SHA-1': 'sha1',
  'SCRAM-SHA-256': 'sha256',
  'SCRAM-SHA-512': 'sha512',
}

/** RFC 7677, 4: with fewer the password is easy to guess. */
const leastIterations = 4096
/** About a second of work. */
const mostIterations = 1_000_000

/** server-first-message (RFC 5802, 7), without the reserved `m=`; extensions may follow. */
const challenge = /^r=([\x21-\x2b\x2d-\x7e]+),s=([A-Za-z\d+/]+={0,2}),i=([1-9]\d*)(?:,|$)/

/** True for the supported Authentication Methods. */
export function isScram(method: string): boolean {
  return Object.hasOwn(hashes, method)
}

/** One exchange: `first()` is for CONNECT, `answer()` for AUTH, `verify()` checks CONNACK. */
export class Scram {
  readonly #hash: string
  readonly #username: string
  readonly #password: Buffer
  readonly #nonce: string
  #expected: Buffer | undefined

  constructor(method: string, login: { username: string; password: Buffer; nonce?: string }) {
    this.#hash = hashes[method]!
    this.#username = login.username
    this.#password = login.password
    this.#nonce = login.nonce ?? randomBytes(18).toString('base64')
  }

  /** client-first-message (RFC 5802, 7). */
  first(): Buffer {
    return Buffer.from(`n,,${this.#firstBare()}`)
  }

  /**
   * client-final-message for the server's challenge; the hash is computed on another thread.
   * @throws MqttxError when the challenge is invalid or asks for too few or too many iterations
   */
  async answer(serverFirst: Buffer): Promise<Buffer> {
    const text = serverFirst.toString()
    const [, nonce = '', salt = '', count] = challenge.exec(text) ?? []
    const iterations = Number(count)
    if (!nonce.startsWith(this.#nonce) || nonce.length === this.#nonce.length)
      throw failed('invalid challenge')
    if (iterations < leastIterations || iterations > mostIterations)
      throw failed(`${iterations} iterations; accepted are ${leastIterations} to ${mostIterations}`)
    const withoutProof = `c=biws,r=${nonce}`
    const message = Buffer.from(`${this.#firstBare()},${text},${withoutProof}`)
    const size = createHash(this.#hash).digest().length
    const derive = promisify(pbkdf2) // here: node:crypto is loaded at its first use
    const salted = await derive(this.#password, Buffer.from(salt, 'base64'), iterations, size, this.#hash)
    const clientKey = this.#hmac(salted, 'Client Key')
    const signature = this.#hmac(createHash(this.#hash).update(clientKey).digest(), message)
    const proof = clientKey.map((byte, index) => byte ^ signature[index]!)
    this.#expected = this.#hmac(this.#hmac(salted, 'Server Key'), message)
    return Buffer.from(`${withoutProof},p=${Buffer.from(proof).toString('base64')}`)
  }

  /**
   * Checks that the server knows the password too.
   * @throws MqttxError if it does not
   */
  verify(serverFinal: Buffer | undefined): void {
    const signature = Buffer.from(fieldsOf(serverFinal?.toString() ?? '').get('v') ?? '', 'base64')
    const expected = this.#expected
    if (
      expected === undefined ||
      signature.length !== expected.length ||
      !timingSafeEqual(signature, expected)
    ) {
      throw failed('wrong or missing server signature')
    }
  }

  #firstBare(): string {
    const name = this.#username.replaceAll('=', '=3D').replaceAll(',', '=2C')
    return `n=${name},r=${this.#nonce}`
  }

  #hmac(key: Buffer, data: string | Buffer): Buffer {
    return createHmac(this.#hash, key).update(data).digest()
  }
}

function fieldsOf(message: string): Map<string, string> {
  return new Map(message.split(',').map((field) => [field.slice(0, 1), field.slice(2)]))
}

/** Not retryable. */
function failed(why: string): MqttxError {
  const message = `Authentication of the server failed: ${why}`
  return new MqttxError(message, { exitCode: 0x8c })
}
