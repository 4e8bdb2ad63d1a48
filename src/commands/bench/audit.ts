// The load generator looks at itself: what held it up may be what it has measured.
import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay, PerformanceObserver, performance } from 'node:perf_hooks'
import type { Audit } from './result.js'

const resolutionMs = 10 // of the monitor's own timer, which its figures contain
const tickSeconds = 0.01 // of /proc: USER_HZ is 100 everywhere that Node runs

/** Watches the thread that calls it, until `end` tells what was seen. */
export function startAudit(): { end(): Omit<Audit, 'lag_ms'> } {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  delay.enable()
  const gc = { total: 0, max: 0 }
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      gc.total += duration
      gc.max = Math.max(gc.max, duration)
    }
  })
  observer.observe({ entryTypes: ['gc'] })
  const began = { time: performance.now(), thread: threadSeconds(), process: process.cpuUsage() }
  return {
    end() {
      delay.disable()
      observer.disconnect()
      const seconds = (performance.now() - began.time) / 1000
      const { user, system } = process.cpuUsage(began.process)
      const whole = (user + system) / 1e6 / seconds
      const own = threadSeconds()
      const beyond = (ns: number) => Math.max(0, ns / 1e6 - resolutionMs)
      return {
        event_loop_delay_ms: { p99: beyond(delay.percentile(99)), max: beyond(delay.max) },
        thread_cpu: own === undefined || began.thread === undefined ? whole : (own - began.thread) / seconds,
        process_cpu: whole,
        gc_ms: gc,
      }
    },
  }
}

/** Processor time of this thread; undefined where the system does not tell. */
function threadSeconds(): number | undefined {
  try {
    const fields = readFileSync('/proc/thread-self/stat', 'latin1').split(') ')[1]!.split(' ')
    return (Number(fields[11]) + Number(fields[12])) * tickSeconds
  } catch {
    return undefined // not Linux
  }
}
