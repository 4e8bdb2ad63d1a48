// What the header of an executable says of itself.
import { closeSync, openSync, readSync } from 'node:fs'

/** The first bytes of a file. */
export function head(path, length) {
  const file = openSync(path, 'r')
  try {
    const bytes = Buffer.alloc(length)
    return bytes.subarray(0, readSync(file, bytes, 0, length, 0))
  } finally {
    closeSync(file)
  }
}

const elfMachines = { 62: 'x86-64', 183: 'arm64' }
const machoMachines = { 16777223: 'x86-64', 16777228: 'arm64' }
const peMachines = { 34404: 'x86-64', 43620: 'arm64' }

/** `ELF x86-64`, `Mach-O arm64`, `PE x86-64` and so on, of 64-bit little-endian programs; else `unknown`. */
export function format(bytes) {
  const named = (kind, machine) => (machine === undefined ? 'unknown' : `${kind} ${machine}`)
  const type = bytes.length < 64 ? 0 : bytes.readUInt32BE(0)
  if (type === 0x7f454c46 && bytes[4] === 2 && bytes[5] === 1)
    return named('ELF', elfMachines[bytes.readUInt16LE(18)])
  if (type === 0xcffaedfe) return named('Mach-O', machoMachines[bytes.readUInt32LE(4)])
  if (type >>> 16 !== 0x4d5a) return 'unknown'
  const header = bytes.readUInt32LE(60)
  if (header + 6 > bytes.length || bytes.toString('latin1', header, header + 4) !== 'PE\0\0') return 'unknown'
  return named('PE', peMachines[bytes.readUInt16LE(header + 4)])
}
