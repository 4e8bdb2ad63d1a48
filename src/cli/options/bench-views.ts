// How `bench` shows what it has measured: report, drawings, files, metrics, conditions, and the search for a rate.
import { flag, option } from '../option.js'
import { parseName } from '../values.js'
import { parseAssertions, parseListenAddress, parsePlot, plotForms } from './bench-values.js'

const json = flag({
  flags: '--json',
  group: 'Output',
  help: 'Print the report as one JSON object.',
  doc: `Its keys are those of the report; "latency_ms" is from the intended time, "service_ms" from the sending, each with
    p50, p90, p99, p999, p9999, p99999 and max. "histograms" are HdrHistograms in base64.`,
})

const plot = option({
  flags: '--plot FORM',
  group: 'Output',
  parse: parsePlot,
  choices: plotForms,
  shownDefault: 'braille where the locale is UTF-8, else ascii',
  help: 'How the report draws: braille, ascii or none.',
  doc: `The latency by percentile, both logarithmic, and the rate over time. ascii is also for the line that shows on a
    terminal how the run is going.`,
})

const assertions = option({
  flags: '--assert CONDITIONS',
  group: 'Output',
  parse: parseAssertions,
  missing: 'no conditions specified',
  help: "End with status 42 unless this holds: 'p99<20ms,loss=0'.",
  doc: `Separated by commas, each with <, <=, =, >= or >: p50, p90, p99, p999, p9999, p99999 and max of the latency, the same
    with service_ before it, rate, loss, sent, acked, received and the other counts of the report; failed is their sum.`,
})

const csv = option({
  flags: '--csv FILE',
  group: 'Output',
  parse: parseName,
  complete: 'file',
  help: 'Write a line for each second: sent, done, largest latency.',
})

const hdr = option({
  flags: '--hdr FILE',
  group: 'Output',
  parse: parseName,
  complete: 'file',
  help: 'Write the latencies for plotters of HdrHistogram.',
  doc: '{csv} and {hdr} also stand behind `bench merge`, and behind `bench report` with one file.',
})

const prometheus = option({
  flags: '--prometheus ADDRESS',
  group: 'Output',
  parse: parseListenAddress,
  help: 'Serve metrics for Prometheus there: :9090.',
  doc: `At /metrics, as long as the run lasts. \`:9090\` is 127.0.0.1:9090; what others are to reach has to be said:
    \`0.0.0.0:9090\`. With port 0 it is a free one; stderr says which.`,
})

const findMax = option({
  flags: '--find-max CONDITIONS',
  group: 'Load',
  parse: parseAssertions,
  missing: 'no conditions specified',
  help: "Search the highest rate at which this holds: 'p99<50ms'.",
  doc: `Conditions as those of {assertions}. Each step is a run of {duration} with new connections; the first is at {rate}, or at
    1,000 messages a second. The rate is doubled until a step does not hold, or halved until one does; then the two are
    brought within 5 %, half the way each time. A step holds where the conditions do, nothing failed, the rate was met and the
    load generator was not the limit. The report is that of the highest step that held, with all steps; the status is 42
    where none did.`,
})

export const viewOptions = { json, plot, assertions, csv, hdr, prometheus, findMax }
