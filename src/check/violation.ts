// The outcomes of an exchange other than success.

/** The server did what a statement forbids, or did not do what it demands. The message says what was seen instead. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

/** The exchange cannot show whether the server keeps to the statement; the message says why. */
export class Inconclusive extends Error {
  override readonly name = 'Inconclusive'
}

/** The server does not offer what the statement is about, as the exchange has shown; the message names it. */
export class NotOffered extends Error {
  override readonly name = 'NotOffered'
}
