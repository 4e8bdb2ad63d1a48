// Formats the numbers of a report.

/** 12,345.7 */
export function formatNumber(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: 1 })
}

/** `0.42` is `42 %`. */
export function formatPercent(share: number): string {
  return `${(share * 100).toFixed(0)} %`
}

export function roundToThousandth(value: number): number {
  return Math.round(value * 1000) / 1000
}
