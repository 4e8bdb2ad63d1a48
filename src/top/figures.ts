// Figures of `mqttx top` as short texts: at most six characters.

/** `0`, `0.25`, `12.5`, `1234`, `12.3k`, `1.2M`: four digits at most. Not negative. */
export function compact(value: number): string {
  if (value < 10_000) return value % 1 === 0 ? String(value) : significant(value)
  const units = ['', 'k', 'M', 'G', 'T', 'P']
  let scaled = value
  let unit = 0
  while (scaled >= 999.5 && unit < units.length - 1) {
    scaled /= 1000
    unit++
  }
  return scaled < 1000 ? `${significant(scaled)}${units[unit]}` : '>999P'
}

/** Three significant digits, two of them at most after the point. */
function significant(value: number): string {
  if (value < 0.005) return '0'
  return value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : value.toFixed(0)
}

/** A time in milliseconds: `0.5s`, `12s`, `3m05s`, `2h10m`, `4d03h`, `400d`. Without one `-`. */
export function duration(ms: number | undefined): string {
  if (ms === undefined) return '-'
  const seconds = Math.floor(ms / 1000)
  if (seconds < 10) return `${(Math.floor(ms / 100) / 10).toFixed(1)}s`
  if (seconds < 60) return `${seconds}s`
  const [minutes, hours, days] = [
    Math.floor(seconds / 60),
    Math.floor(seconds / 3600),
    Math.floor(seconds / 86_400),
  ]
  if (minutes < 60) return `${minutes}m${two(seconds % 60)}s`
  if (hours < 24) return `${hours}h${two(minutes % 60)}m`
  return days < 100 ? `${days}d${two(hours % 24)}h` : `${days}d`
}

/** `H:MM:SS` */
export function clockTime(ms: number): string {
  const seconds = Math.floor(ms / 1000)
  return `${Math.floor(seconds / 3600)}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
}

/** The QoS of a set of bits: `0`, `12`. */
export function qosText(bits: number): string {
  const each = qosList(bits)
  return each.length === 0 ? '-' : each.join('')
}

export function qosList(bits: number): number[] {
  return [0, 1, 2].filter((qos) => (bits & (1 << qos)) !== 0)
}

/** 12,345 */
export function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',')
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
