import { isMainThread } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { context, message, render } from './rig.js'

const letters = 'a A b B c C d D e F g G h H I j k l m M p P r R s S T u U V w W x X y Y z Z'

// Output of `TZ=Europe/Berlin LC_ALL=C date` for the letters above, at boundaries of years, weeks and half days.
// biome-ignore format: one row per moment
const moments = [
  [1795221296, 'Sat|Saturday|Nov|November|Sat Nov 21 01:34:56 2026|20|21|11/21/26|21|2026-11-21|26|2026|Nov|01|01|325| 1| 1|11|34|AM|am|01:34:56 AM|01:34|1795221296|56|01:34:56|6|46|47|6|46|11/21/26|01:34:56|26|2026|+0100|CET'],
  [1735686309, 'Wed|Wednesday|Jan|January|Wed Jan  1 00:05:09 2025|20|01|01/01/25| 1|2025-01-01|25|2025|Jan|00|12|001| 0|12|01|05|AM|am|12:05:09 AM|00:05|1735686309|09|00:05:09|3|00|01|3|00|01/01/25|00:05:09|25|2025|+0100|CET'],
  [1735556400, 'Mon|Monday|Dec|December|Mon Dec 30 12:00:00 2024|20|30|12/30/24|30|2024-12-30|25|2025|Dec|12|12|365|12|12|12|00|PM|pm|12:00:00 PM|12:00|1735556400|00|12:00:00|1|52|01|1|53|12/30/24|12:00:00|24|2024|+0100|CET'],
  [1688335199, 'Sun|Sunday|Jul|July|Sun Jul  2 23:59:59 2023|20|02|07/02/23| 2|2023-07-02|23|2023|Jul|23|11|183|23|11|07|59|PM|pm|11:59:59 PM|23:59|1688335199|59|23:59:59|7|27|26|0|26|07/02/23|23:59:59|23|2023|+0200|CEST'],
  [1609455600, 'Fri|Friday|Jan|January|Fri Jan  1 00:00:00 2021|20|01|01/01/21| 1|2021-01-01|20|2020|Jan|00|12|001| 0|12|01|00|AM|am|12:00:00 AM|00:00|1609455600|00|00:00:00|5|00|53|5|00|01/01/21|00:00:00|21|2021|+0100|CET'],
] as const

test.each(moments)('%j', (seconds, expected) => {
  const format = letters.replaceAll(/\w/g, '@$&').replaceAll(' ', '|')
  const clock = () => ({ seconds, nanoseconds: 0 })
  expect(render(format, message(), context({ clock })).split('|')).toEqual(expected.split('|'))
})

test('@n and @t are a newline and a tab, @% is itself', () => {
  expect(render('@n@t@%', message())).toBe('\n\t%')
})

test('unknown letters are printed after a %', () => {
  const unknown = 'f i J K L o Q v E O q - _ ^ # + 1 é 💩'
  expect(render(unknown.replaceAll(/\S/gu, '@$&'), message())).toBe(unknown.replaceAll(/\S/gu, '%$&'))
})

// In a thread, `process.env.TZ` does not change the time zone.
test.runIf(isMainThread).each([
  ['America/New_York', '-0500 EST'],
  ['Europe/London', '+0000 GMT'],
  ['Australia/Sydney', '+1100 AEDT'],
  ['Asia/Kolkata', '+0530 IST'],
  ['America/Sao_Paulo', '-0300 -03'],
  ['Asia/Kathmandu', '+0545 +0545'],
  ['UTC', '+0000 UTC'],
])('the zone of %s', (zone, expected) => {
  const before = process.env.TZ
  process.env.TZ = zone
  try {
    expect(render('@z @Z', message())).toBe(expected)
  } finally {
    process.env.TZ = before
  }
})
