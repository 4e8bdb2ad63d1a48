// Promises that call back at once, for the store that aedes asks.
//
// aedes numbers each message when it arrives, and a subscriber drops whatever has a lower number than the last one it
// got (its guard against overlapping subscriptions). With real promises a message that must be stored first (retained,
// QoS 1 and 2) is overtaken by one that need not, arrives second with the lower number, and is lost. Nothing in
// memory has to wait, so nothing does.

/** What aedes uses of a promise: `then` with one or two functions, and `finally`. */
export interface Settled<T> {
  then(fulfilled: (value: T) => void, rejected?: (error: Error) => void): void
  finally(done: () => void): void
}

export function settled<T>(value: T): Settled<T> {
  return {
    // biome-ignore lint/suspicious/noThenProperty: being a thenable is the purpose of this object.
    then: (fulfilled) => fulfilled(value),
    finally: (done) => done(),
  }
}

export function refused(error: Error): Settled<never> {
  return {
    // biome-ignore lint/suspicious/noThenProperty: being a thenable is the purpose of this object.
    then: (_fulfilled, rejected) => rejected?.(error),
    finally: (done) => done(),
  }
}
