// The headers of executables, and the signature that macOS asks for, on files made here.
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'

const tools = resolve(import.meta.dirname, '../../.ci/pack')
const { format } = await import(`${tools}/executable.mjs`)
const { checkSignature, signed } = await import(`${tools}/sign.mjs`)

/** A Mach-O file for arm64 with __TEXT and __LINKEDIT, 10,000 bytes of contents, and room for more load commands. */
function macho(): Buffer {
  const file = Buffer.alloc(0x4000 + 10_000, 0x5a)
  file.fill(0, 0, 0x4000)
  const segment = (at: number, name: string, offset: number, size: number, sections: number) => {
    file.writeUInt32LE(0x19, at)
    file.writeUInt32LE(72 + sections * 80, at + 4)
    file.write(name, at + 8, 'latin1')
    file.writeBigUInt64LE(BigInt(offset), at + 40)
    file.writeBigUInt64LE(BigInt(size), at + 48)
    file.writeUInt32LE(sections, at + 64)
    if (sections > 0) file.writeUInt32LE(0x1000, at + 72 + 48) // where its contents begin
  }
  file.writeUInt32LE(0xfeedfacf, 0)
  file.writeUInt32LE(0x0100000c, 4)
  file.writeUInt32LE(2, 16)
  file.writeUInt32LE(72 + 80 + 72, 20)
  segment(32, '__TEXT', 0, 0x4000, 1)
  segment(32 + 72 + 80, '__LINKEDIT', 0x4000, 10_000, 0)
  return file
}

function elf(machine: number): Buffer {
  const file = Buffer.alloc(64)
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1])
  file.writeUInt16LE(machine, 18)
  return file
}

function pe(machine: number): Buffer {
  const file = Buffer.alloc(256)
  file.write('MZ')
  file.writeUInt32LE(128, 60)
  file.write('PE\0\0', 128, 'latin1')
  file.writeUInt16LE(machine, 132)
  return file
}

describe('format', () => {
  test.each<[string, Buffer]>([
    ['ELF x86-64', elf(62)],
    ['ELF arm64', elf(183)],
    ['Mach-O arm64', macho()],
    ['PE x86-64', pe(0x8664)],
    ['PE arm64', pe(0xaa64)],
    ['unknown', elf(8)],
    ['unknown', Buffer.from('#!/bin/sh\n')],
    ['unknown', pe(0x8664).subarray(0, 100)],
    ['unknown', Buffer.alloc(0)],
  ])('%s', (expected, bytes) => {
    expect(format(bytes)).toBe(expected)
  })
})

describe('a signature', () => {
  test('fits the file, which keeps its contents', () => {
    const file: Buffer = signed(macho(), 'mqttx')
    expect(() => checkSignature(file)).not.toThrow()
    expect(file.subarray(0x4000, 0x4000 + 10_000)).toEqual(macho().subarray(0x4000))
  })

  test('is within __LINKEDIT, the last segment, and named by a load command', () => {
    const file: Buffer = signed(macho(), 'mqttx')
    expect(file.readUInt32LE(16)).toBe(3)
    const linkedit = 32 + 72 + 80
    expect(0x4000 + Number(file.readBigUInt64LE(linkedit + 48))).toBe(file.length)
    expect(file.readUInt32LE(linkedit + 72)).toBe(0x1d)
    const start = file.readUInt32LE(linkedit + 72 + 8)
    expect(start % 16).toBe(0)
    expect(start + file.readUInt32LE(linkedit + 72 + 12)).toBe(file.length)
    expect(file.readUInt32BE(start)).toBe(0xfade0cc0)
  })

  test.each([5000, 0x4000 + 1, 20])('tells that byte %i has changed', (at) => {
    const file: Buffer = signed(macho(), 'mqttx')
    file[at]! ^= 1
    expect(() => checkSignature(file)).toThrow('the signature does not fit the file')
  })

  test('is missing in a file that has none', () => {
    expect(() => checkSignature(macho())).toThrow('no signature')
  })

  test('is not put into a file that has one', () => {
    expect(() => signed(signed(macho(), 'mqttx'), 'mqttx')).toThrow('signed already')
  })
})
