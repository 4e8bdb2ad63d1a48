// Bytes in every way that a connection may cut them.

/** The input whole, byte by byte, and in two pieces at each place. */
export function* everyCut(input: Uint8Array): Generator<Uint8Array[]> {
  yield [input]
  yield Array.from(input, (byte) => Uint8Array.of(byte))
  for (let at = 1; at < input.length; at++) yield [input.subarray(0, at), input.subarray(at)]
}
