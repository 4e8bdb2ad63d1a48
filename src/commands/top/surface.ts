// What shows the topics of `mqttx top`: a screen, or reports.
import type { Status } from '../../top/view.js'

/** What happens to the command. */
export interface Controls {
  /** Milliseconds since the start or the last reset. */
  timeMs(): number
  status(): Status
  /** The server has granted a subscription. */
  readonly isSubscribed: boolean
  /** Messages that were received and not counted. */
  readonly skipped: number
  reset(): void
  /** As a signal does: the first time in order, then at once. */
  stop(): void
}

export interface Surface {
  start(controls: Controls): void
  /** Called every interval. Messages wait for a promise that is returned. */
  update(): Promise<void> | undefined
  /** Called once or more at the end, before the last flush. `isComplete`: the command ends as it should. */
  close(isComplete: boolean): Promise<void> | undefined
}
