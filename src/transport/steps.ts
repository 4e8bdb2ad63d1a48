// The steps of an attempt to connect, as they are reported to an observer.

/**
 * In the order in which they are taken. DNS and TCP are also those of a proxy; `socket` is a unix socket; `session` is the
 * time from CONNACK to the end of the network connection.
 */
export type StepName =
  | 'DNS'
  | 'TCP'
  | 'socket'
  | 'proxy'
  | 'TLS'
  | 'WebSocket'
  | 'CONNACK'
  | 'session'
  | 'SUBACK'

/** What a step has found, as one line of text that is safe to show; or why it has failed. */
export type StepOutcome = { readonly detail: string } | { readonly error: Error }

export interface StepObserver {
  /** An attempt begins; the steps that follow are of this one. */
  attempt(): void
  /** A step begins; call the returned function once, at its end. `target`: the name, address or path that it is about. */
  begin(name: StepName, target: string): (outcome: StepOutcome) => void
}

interface StepOf<T> {
  readonly name: StepName
  readonly target: string
  /** Describes the result. */
  detail?(result: T): string
}

/** Does `work`, which is reported as a step if there is an observer. */
export function step<T>(
  steps: StepObserver | undefined,
  { name, target, detail }: StepOf<T>,
  work: () => Promise<T>,
): Promise<T> {
  return steps === undefined ? work() : observed(steps.begin(name, target), work, detail)
}

async function observed<T>(
  end: (outcome: StepOutcome) => void,
  work: () => Promise<T>,
  detail: ((result: T) => string) | undefined,
): Promise<T> {
  try {
    const result = await work()
    end({ detail: detail?.(result) ?? '' })
    return result
  } catch (error) {
    end({ error: error as Error })
    throw error
  }
}
