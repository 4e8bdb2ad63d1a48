// Measures the load of the load generator itself: CPU, event loop, garbage collection.
import { readFileSync } from 'node:fs'
import { monitorEventLoopDelay, PerformanceObserver, performance } from 'node:perf_hooks'
import { can, idleDelayMs } from '../../runtime.js'
import type { GeneratorLoad } from './result.js'

const resolutionMs = 10 // of the delay monitor

/** Measures the calling thread and the process until `end`, which returns the values. */
export function startAudit(): { end(): Omit<GeneratorLoad, 'backlog'> } {
  const delay = monitorEventLoopDelay({ resolution: resolutionMs })
  delay.enable()
  const gc = { total: 0, max: 0 }
  const observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      gc.total += duration
      gc.max = Math.max(gc.max, duration)
    }
  })
  if (can.observeGarbage) observer.observe({ entryTypes: ['gc'] })
  const process = measureProcess()
  const began = { time: performance.now(), own: threadTimes() }
  return {
    end() {
      delay.disable()
      observer.disconnect()
      const seconds = (performance.now() - began.time) / 1000
      const whole = process.end()
      const [now, before] = [threadTimes(), began.own]
      const thread =
        now === undefined || before === undefined
          ? { cpu: whole, waited: null }
          : { cpu: (now.cpu - before.cpu) / seconds, waited: (now.waited - before.waited) / seconds }
      const beyond = (ns: number) => Math.max(0, ns / 1e6 - idleDelayMs(resolutionMs))
      return {
        event_loop_delay_ms: { p99: beyond(delay.percentile(99)), max: beyond(delay.max) },
        threads: [thread],
        process_cpu: whole,
        gc_ms: can.observeGarbage ? gc : null,
      }
    },
  }
}

/** `end` returns the CPU time of the process since the call, as a share of one core. */
export function measureProcess(): { end(): number } {
  const began = { time: performance.now(), cpu: process.cpuUsage() }
  return {
    end() {
      const { user, system } = process.cpuUsage(began.cpu)
      return (user + system) / 1000 / (performance.now() - began.time)
    },
  }
}

/** Seconds that this thread ran, and that it was runnable but waited; undefined if the system does not tell. */
function threadTimes(): { cpu: number; waited: number } | undefined {
  try {
    const [cpu, waited] = readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ').map(Number)
    return { cpu: cpu! / 1e9, waited: waited! / 1e9 }
  } catch {
    return undefined // not Linux, or a kernel without schedstat
  }
}
