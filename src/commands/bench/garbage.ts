// What connecting leaves behind is collected before the clock starts.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** A full collection in this thread, which would otherwise pause the run in its midst; blocks about 10 ms for 1,000 clients. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc') // only a context that is made later has it
  const gc = runInNewContext('gc') as () => void
  gc()
}
