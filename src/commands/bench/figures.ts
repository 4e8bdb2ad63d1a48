// Numbers as a report shows them.

/** 12,345.7 */
export function number(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 1 })
}

/** `0.42` is `42 %`. */
export function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`
}

/** To a thousandth. */
export function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
