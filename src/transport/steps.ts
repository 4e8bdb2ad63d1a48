// The steps of an attempt to connect, as they are reported to an observer.

/**
 * In the order in which they are taken. DNS and TCP are also those of a proxy; `socket` is a unix socket; `session` is the
 * time from CONNACK to the end of the network connection; `round trip` and `message` are those of a check.
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
  | 'round trip'
  | 'message'

/**
 * What a step has found, as one line of text that is safe to show, and when the certificate expires (milliseconds since
 * 1970); or why it has failed.
 */
export type StepOutcome = { readonly detail: string; readonly expires?: number } | { readonly error: Error }

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
  /** When the certificate expires, in milliseconds since 1970. */
  expires?(result: T): number | undefined
}

/** Does `work`, which is reported as a step if there is an observer. */
export function step<T>(
  steps: StepObserver | undefined,
  { name, target, ...described }: StepOf<T>,
  work: () => Promise<T>,
): Promise<T> {
  return steps === undefined ? work() : observed(steps.begin(name, target), work, described)
}

async function observed<T>(
  end: (outcome: StepOutcome) => void,
  work: () => Promise<T>,
  { detail, expires }: Pick<StepOf<T>, 'detail' | 'expires'>,
): Promise<T> {
  try {
    const result = await work()
    const at = expires?.(result)
    end({ detail: detail?.(result) ?? '', ...(at !== undefined && { expires: at }) })
    return result
  } catch (error) {
    end({ error: error as Error })
    throw error
  }
}
