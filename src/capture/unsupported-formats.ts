// File formats that cannot be read, recognised by their magic numbers, with the command that converts each.

export interface UnsupportedFormat {
  /** Completes "this is ...". */
  readonly what: string
  /** The command that converts it to a capture; `FILE` is replaced with its name. Absent if there is none. */
  readonly run?: string
}

const latin1 = (text: string) => Buffer.from(text, 'latin1')
const wireshark = 'editcap -F pcapng FILE out.pcapng'

/** Magic numbers; a longer one before its own prefix. */
const table: readonly (readonly [Buffer, UnsupportedFormat])[] = [
  [latin1('PK\x03\x04'), { what: 'a zip archive', run: 'unzip -p FILE | mqttx inspect' }],
  [latin1('PK\x05\x06'), { what: 'a zip archive without files' }],
  [latin1('PK\x07\x08'), { what: 'a zip archive', run: 'unzip -p FILE | mqttx inspect' }],
  [latin1('\xfd7zXZ\x00'), { what: 'compressed by xz', run: 'xz -dc FILE | mqttx inspect' }],
  [latin1('BZh'), { what: 'compressed by bzip2', run: 'bzip2 -dc FILE | mqttx inspect' }],
  [latin1('\x28\xb5\x2f\xfd'), { what: 'compressed by zstd', run: 'zstd -dc FILE | mqttx inspect' }],
  [latin1('\x04\x22\x4d\x18'), { what: 'compressed by lz4', run: 'lz4 -dc FILE | mqttx inspect' }],
  [latin1('LZIP'), { what: 'compressed by lzip', run: 'lzip -dc FILE | mqttx inspect' }],
  [latin1('\x89LZO\x00\r\n\x1a\n'), { what: 'compressed by lzop', run: 'lzop -dc FILE | mqttx inspect' }],
  [latin1('\x1f\x9d'), { what: 'compressed by compress', run: 'uncompress -c FILE | mqttx inspect' }],
  [latin1('\x1f\x8b\x08'), { what: 'compressed by gzip, twice', run: 'gzip -dc FILE | mqttx inspect' }],
  [latin1('7z\xbc\xaf\x27\x1c'), { what: 'a 7-Zip archive', run: '7z x -so FILE | mqttx inspect' }],
  [latin1('Rar!\x1a\x07'), { what: 'a RAR archive', run: 'unrar p -inul FILE | mqttx inspect' }],
  [latin1('\xa1\xb2\xcd\x34'), { what: 'a pcap file of the "modified" kind', run: wireshark }],
  [latin1('\x34\xcd\xb2\xa1'), { what: 'a pcap file of the "modified" kind', run: wireshark }],
  [latin1('\x1c\x00\x01\xac'), { what: 'a pcap file by IXIA', run: wireshark }],
  [latin1('\x1c\x00\x01\xab'), { what: 'a pcap file by IXIA', run: wireshark }],
  [latin1('GMBU'), { what: 'a capture by Microsoft Network Monitor', run: wireshark }],
  [latin1('RTSS'), { what: 'a capture by Microsoft Network Monitor', run: wireshark }],
  [latin1('XCP\x00'), { what: 'a capture by NetXray', run: wireshark }],
  [latin1('TRSNIFF data'), { what: 'a capture by NetWare Sniffer', run: wireshark }],
]

/** Offset of the magic number of tar. */
const tarAt = 257

/** Returns undefined if `head` has none of the magic numbers. */
export function unsupportedFormat(head: Buffer): UnsupportedFormat | undefined {
  for (const [magic, format] of table) {
    if (head.length >= magic.length && head.compare(magic, 0, magic.length, 0, magic.length) === 0) {
      return magic.length > 3 || head[0] !== 0x42 || /^BZh[1-9]/.test(head.toString('latin1', 0, 4))
        ? format
        : undefined
    }
  }
  if (head.length > tarAt + 5 && head.toString('latin1', tarAt, tarAt + 5) === 'ustar')
    return { what: 'a tar archive', run: 'tar -xOf FILE | mqttx inspect' }
  return undefined
}
