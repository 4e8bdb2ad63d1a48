// The options of a trace.

export interface TraceArgs {
  readonly trace: boolean
  readonly traceFile?: string | undefined
  readonly showSecrets: boolean
  readonly quiet?: boolean
}
