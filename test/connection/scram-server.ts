// SCRAM server.
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto'

/** The server's side of SCRAM (RFC 5802, 3), for one user. */
export function scramServer(hash: string, password: string) {
  const hmac = (key: Buffer, data: string | Buffer) => createHmac(hash, key).update(data).digest()
  const salt = Buffer.from('0123456789abcdef')
  let clientFirst = ''
  let serverFirst = ''
  return {
    challenge(first: Buffer): Buffer {
      clientFirst = first.toString().slice('n,,'.length)
      const nonce = /r=(.*)$/.exec(clientFirst)![1]!
      serverFirst = `r=${nonce}server,s=${salt.toString('base64')},i=4096`
      return Buffer.from(serverFirst)
    },
    /** The server signature if the proof is valid, else undefined. */
    check(final: Buffer): Buffer | undefined {
      const [withoutProof, proof] = final.toString().split(',p=')
      const message = `${clientFirst},${serverFirst},${withoutProof}`
      const salted = pbkdf2Sync(password, salt, 4096, createHash(hash).digest().length, hash)
      const stored = createHash(hash).update(hmac(salted, 'Client Key')).digest()
      const signature = hmac(stored, message)
      const key = Buffer.from(Buffer.from(proof!, 'base64').map((byte, index) => byte ^ signature[index]!))
      if (!createHash(hash).update(key).digest().equals(stored)) return undefined
      return Buffer.from(`v=${hmac(hmac(salted, 'Server Key'), message).toString('base64')}`)
    },
  }
}
