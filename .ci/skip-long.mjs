// Skips tests of much input while mutants are tried (vitest.mutate.config.ts): each would be run for hundreds of mutants.
import { beforeEach } from 'vitest'

const long = [
  'holes of many connections are given up when too many bytes wait after them',
  'secrets of a key log: 200,000',
  'a message that inflates to more than the limit is a gap',
  'a damaged record of 4 GB: the next record is found',
  'a line of a megabyte',
  'a line of calls',
  'a line of pairs',
  'a dump of repetitions: 6 KB stand for some megabytes only (H24)',
]

beforeEach(({ task, skip }) => skip(long.includes(task.name)))
