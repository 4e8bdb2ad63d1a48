// A number that two different messages rarely share.

/** FNV-1a, as a signed number of 32 bits. */
export function checksum(bytes: Uint8Array, basis = 0): number {
  let hash = 0x811c9dc5 ^ basis
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193)
  return hash
}
