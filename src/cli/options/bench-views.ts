// Output options of `bench`: report, charts, files, metrics, conditions, and the search for a rate.
import { optionsOf } from '../option.js'
import { parseName } from '../values.js'
import { parseAssertions, parseListenAddress, parsePlot, plotForms } from './bench-values.js'

const { flag, option } = optionsOf('Output')
const inLoad = optionsOf('Load')

const json = flag({
  flags: '--json',
  help: 'Print the report as one JSON object.',
  doc: `The keys are those of the report; "latency_ms" is measured from the intended time, "service_ms" from sending, each with
    p50, p90, p99, p999, p9999, p99999 and max. "histograms" are HdrHistograms in base64.`,
})

const plot = option({
  flags: '--plot FORM',
  parse: parsePlot,
  choices: plotForms,
  shownDefault: 'braille if the locale is UTF-8, else ascii',
  help: 'Draw charts in the report: braille, ascii or none.',
  doc: `Charts of the latency by percentile and of the rate over time. Without {plot} only the rate is drawn, and only if it
    varies by more than 10 %. ascii also applies to the progress line on the terminal.`,
})

const assertions = option({
  flags: '--assert CONDITIONS',
  parse: parseAssertions,
  missing: 'no conditions specified',
  help: "Exit with status 42 unless these hold: 'p99<20ms,loss=0'.",
  doc: `Conditions separated by commas, each with <, <=, =, >= or >. Metrics: p50, p90, p99, p999, p9999, p99999 and max of the
    latency, the same with the prefix service_, rate, loss, sent, acked, received and the other counts of the report;
    failed is the number of all failures.`,
})

const csv = option({
  flags: '--csv FILE',
  parse: parseName,
  complete: 'file',
  help: 'Write a CSV line per second: sent, done, largest latency.',
})

const hdr = option({
  flags: '--hdr FILE',
  parse: parseName,
  complete: 'file',
  help: 'Write the latency distribution for HdrHistogram plotters.',
  doc: '{csv} and {hdr} can also be used with `bench merge`, and with `bench report` for one file.',
})

const prometheus = option({
  flags: '--prometheus ADDRESS',
  parse: parseListenAddress,
  help: 'Serve Prometheus metrics on this address: :9090.',
  doc: `At /metrics, during the run. \`:9090\` is 127.0.0.1:9090; to listen on all addresses: \`0.0.0.0:9090\`. With port 0 the
    system chooses a port, which is printed on stderr.`,
})

const findMax = inLoad.option({
  flags: '--find-max CONDITIONS',
  parse: parseAssertions,
  missing: 'no conditions specified',
  help: "Find the highest rate at which these hold: 'p99<50ms'.",
  doc: `Conditions as in {assertions}. Each step is a run of {duration} with new connections; the first is at {rate}, by default
    1,000 messages per second. The rate is doubled until a step fails, or halved until one holds, then bisected to within
    5 %. A step holds if the conditions hold, nothing failed, the rate was reached and the load generator was not the limit.
    The report is that of the highest step that held, and lists all steps; the exit status is 42 if none held.`,
})

export const viewOptions = { json, plot, assertions, csv, hdr, prometheus, findMax }
