// An ad-hoc code signature for a Mach-O file of one architecture, without Apple's tools: macOS on arm64 runs nothing
// unsigned. It tells who made the program as little as `codesign --sign -` does; it only says that no byte has changed.
import { createHash } from 'node:crypto'

const segment64 = 0x19
const codeSignature = 0x1d
const headerSize = 32
const pageBits = 12
const hashSize = 32
const directorySize = 88 // version 0x20400

const align = (value, size) => Math.ceil(value / size) * size

function* commandsOf(file) {
  let offset = headerSize
  for (let left = file.readUInt32LE(16); left > 0; left--) {
    yield { offset, type: file.readUInt32LE(offset) }
    offset += file.readUInt32LE(offset + 4)
  }
}

const segmentName = (file, offset) => file.toString('latin1', offset + 8, offset + 24).replace(/\0+$/, '')

function segment(file, name) {
  for (const { type, offset } of commandsOf(file)) {
    if (type === segment64 && segmentName(file, offset) === name) return offset
  }
  throw new Error(`a Mach-O file without ${name}`)
}

/** Where the contents of the file begin; load commands have to end before it. */
function firstContent(file) {
  let first = file.length
  for (const { type, offset } of commandsOf(file)) {
    if (type !== segment64) continue
    for (let count = file.readUInt32LE(offset + 64), at = offset + 72; count > 0; count--, at += 80) {
      const content = file.readUInt32LE(at + 48)
      if (content > 0) first = Math.min(first, content)
    }
  }
  return first
}

function addSignatureCommand(file) {
  for (const { type } of commandsOf(file)) {
    if (type === codeSignature) throw new Error('a Mach-O file that is signed already')
  }
  const size = file.readUInt32LE(20)
  const offset = headerSize + size
  if (offset + 16 > firstContent(file)) throw new Error('a Mach-O file without room for a load command')
  file.writeUInt32LE(file.readUInt32LE(16) + 1, 16)
  file.writeUInt32LE(size + 16, 20)
  file.writeUInt32LE(codeSignature, offset)
  file.writeUInt32LE(16, offset + 4)
  return offset
}

const pages = (file, end) => {
  const hashes = []
  for (let at = 0; at < end; at += 1 << pageBits) {
    hashes.push(
      createHash('sha256')
        .update(file.subarray(at, Math.min(end, at + (1 << pageBits))))
        .digest(),
    )
  }
  return Buffer.concat(hashes)
}

/** The signed file. `identifier` is the name that the system shows for it. */
export function signed(unsigned, identifier) {
  const start = align(unsigned.length, 16)
  const name = Buffer.from(`${identifier}\0`)
  const hashes = Math.ceil(start / (1 << pageBits))
  const hashOffset = directorySize + name.length
  const length = hashOffset + hashes * hashSize
  const header = 20 // of the list of blobs, which has one
  const size = align(header + length, 16)

  const file = Buffer.alloc(start + size)
  unsigned.copy(file)
  const command = addSignatureCommand(file)
  file.writeUInt32LE(start, command + 8)
  file.writeUInt32LE(size, command + 12)
  const linkedit = segment(file, '__LINKEDIT')
  const linkeditSize = file.length - Number(file.readBigUInt64LE(linkedit + 40))
  file.writeBigUInt64LE(BigInt(linkeditSize), linkedit + 48)
  file.writeBigUInt64LE(BigInt(align(linkeditSize, 1 << 14)), linkedit + 32)
  const text = segment(file, '__TEXT')

  const list = Buffer.alloc(header)
  for (const [index, value] of [0xfade0cc0, header + length, 1, 0, header].entries()) {
    list.writeUInt32BE(value, index * 4)
  }
  const directory = Buffer.alloc(directorySize)
  const adHoc = 2
  for (const [index, value] of [
    ...[0xfade0c02, length, 0x20400, adHoc],
    ...[hashOffset, directorySize, 0, hashes, start],
  ].entries()) {
    directory.writeUInt32BE(value, index * 4)
  }
  directory.writeUInt8(hashSize, 36)
  directory.writeUInt8(2, 37) // SHA-256
  directory.writeUInt8(pageBits, 39)
  directory.writeBigUInt64BE(file.readBigUInt64LE(text + 40), 64) // where __TEXT begins in the file
  directory.writeBigUInt64BE(file.readBigUInt64LE(text + 48), 72)
  directory.writeBigUInt64BE(1n, 80) // a main program
  // The hashes come last: they cover the load commands, too.
  Buffer.concat([list, directory, name, pages(file, start)]).copy(file, start)
  return file
}

/** @throws Error when `file` has no signature or has changed since it was signed */
export function checkSignature(file) {
  let start = 0
  for (const { type, offset } of commandsOf(file)) {
    if (type === codeSignature) start = file.readUInt32LE(offset + 8)
  }
  if (start === 0) throw new Error('no signature')
  const directory = start + file.readUInt32BE(start + 16)
  const hashes = directory + file.readUInt32BE(directory + 16)
  const end = file.readUInt32BE(directory + 32)
  const found = pages(file, end)
  if (!file.subarray(hashes, hashes + found.length).equals(found)) {
    throw new Error('the signature does not fit the file')
  }
}
