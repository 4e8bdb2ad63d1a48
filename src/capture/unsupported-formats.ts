// File formats that cannot be read, recognised by their magic numbers, with the command that converts each.

export interface UnsupportedFormat {
  /** Completes "this is ...". */
  readonly what: string
  /** A command that reads it or converts it to a capture, with `FILE` for its name; undefined: none. */
  readonly run?: string
}

const latin1 = (text: string) => Buffer.from(text, 'latin1')
const editcap = 'editcap -F pcapng FILE out.pcapng'

const bzip2 = latin1('BZh')

/** By magic number. None is a prefix of another. */
const table: readonly (readonly [Buffer, UnsupportedFormat])[] = [
  [latin1('PK\x03\x04'), { what: 'a zip archive', run: 'unzip -p FILE | mqttx inspect' }],
  [latin1('PK\x05\x06'), { what: 'a zip archive without files' }],
  [latin1('PK\x07\x08'), { what: 'a zip archive', run: 'unzip -p FILE | mqttx inspect' }],
  [latin1('\xfd7zXZ\x00'), { what: 'compressed by xz', run: 'xz -dc FILE | mqttx inspect' }],
  [bzip2, { what: 'compressed by bzip2', run: 'bzip2 -dc FILE | mqttx inspect' }],
  [latin1('\x28\xb5\x2f\xfd'), { what: 'compressed by zstd', run: 'zstd -dc FILE | mqttx inspect' }],
  [latin1('\x04\x22\x4d\x18'), { what: 'compressed by lz4', run: 'lz4 -dc FILE | mqttx inspect' }],
  [latin1('LZIP'), { what: 'compressed by lzip', run: 'lzip -dc FILE | mqttx inspect' }],
  [latin1('\x89LZO\x00\r\n\x1a\n'), { what: 'compressed by lzop', run: 'lzop -dc FILE | mqttx inspect' }],
  [latin1('\x1f\x9d'), { what: 'compressed by compress', run: 'uncompress -c FILE | mqttx inspect' }],
  // One layer of gzip has been removed by the time this is looked up.
  [latin1('\x1f\x8b\x08'), { what: 'compressed by gzip, twice', run: 'gzip -dc FILE | mqttx inspect' }],
  [latin1('7z\xbc\xaf\x27\x1c'), { what: 'a 7-Zip archive', run: '7z x -so FILE | mqttx inspect' }],
  [latin1('Rar!\x1a\x07'), { what: 'a RAR archive', run: 'unrar p -inul FILE | mqttx inspect' }],
  [latin1('\xa1\xb2\xcd\x34'), { what: 'a pcap file of the "modified" kind', run: editcap }],
  [latin1('\x34\xcd\xb2\xa1'), { what: 'a pcap file of the "modified" kind', run: editcap }],
  [latin1('\x1c\x00\x01\xac'), { what: 'a pcap file by IXIA', run: editcap }],
  [latin1('\x1c\x00\x01\xab'), { what: 'a pcap file by IXIA', run: editcap }],
  [latin1('GMBU'), { what: 'a capture by Microsoft Network Monitor', run: editcap }],
  [latin1('RTSS'), { what: 'a capture by Microsoft Network Monitor', run: editcap }],
  [latin1('XCP\x00'), { what: 'a capture by NetXray', run: editcap }],
  [latin1('TRSNIFF data'), { what: 'a capture by NetWare Sniffer', run: editcap }],
]

/** The magic number of tar, and its offset. */
const tar = latin1('ustar')
const tarOffset = 257

/**
 * Undefined: `head`, the beginning of a file, has none of the magic numbers. Tar is recognised if `head` has
 * more than 262 bytes.
 */
export function unsupportedFormat(head: Buffer): UnsupportedFormat | undefined {
  for (const [magic, format] of table) {
    if (!hasAt(head, magic, 0)) continue
    // `BZh` may also begin a text: bzip2 has the block size after it.
    if (magic === bzip2 && !/^BZh[1-9]/.test(head.toString('latin1', 0, 4))) return undefined
    return format
  }
  if (head.length > tarOffset + tar.length && hasAt(head, tar, tarOffset))
    return { what: 'a tar archive', run: 'tar -xOf FILE | mqttx inspect' }
  return undefined
}

function hasAt(bytes: Buffer, magic: Buffer, at: number): boolean {
  return bytes.subarray(at, at + magic.length).equals(magic)
}
