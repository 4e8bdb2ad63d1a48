// What the command line of bench has become, for all who work with it.
import type { Args } from '../../cli/option.js'
import type { bench } from './spec.js'

export type BenchArgs = Args<typeof bench.options>
