// The type of the parsed command line.
import type { Args } from '../../cli/option.js'
import type { bench } from './spec.js'

export type BenchArgs = Args<typeof bench.options>
