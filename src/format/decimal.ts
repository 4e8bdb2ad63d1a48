// printf's %.*f: the exact decimal expansion of a double, rounded half to even on its last digit.
// Number.prototype.toFixed differs: it rounds ties up, uses an exponent from 1e21 on, and allows 100 digits at most.

const maxDigits = 1074 // after the point: no double has more nonzero digits

/** The value with `precision` digits after the point; `inf` and `nan` with a sign, as glibc prints them. */
export function decimal(value: number, precision: number): string {
  const sign = bitsOf(value) >> 63n === 1n ? '-' : '' // NaN has a sign, and -0 is not less than 0
  if (Number.isNaN(value)) return `${sign}nan`
  if (!Number.isFinite(value)) return `${sign}inf`
  const places = Math.min(precision, maxDigits)
  const digits = scaled(value, places)
    .toString()
    .padStart(places + 1, '0')
  if (precision === 0) return sign + digits
  const point = digits.length - places
  return `${sign}${digits.slice(0, point)}.${digits.slice(point).padEnd(precision, '0')}`
}

/** |value| times 10 ** places, rounded to an integer. */
function scaled(value: number, places: number): bigint {
  const bits = bitsOf(value)
  const field = Number((bits >> 52n) & 0x7ffn)
  const fraction = (bits & 0xfffffffffffffn) | (field === 0 ? 0n : 1n << 52n)
  const exponent = Math.max(field, 1) - 1075 // subnormal numbers (field 0) have the exponent of field 1
  const numerator = fraction * 10n ** BigInt(places)
  if (exponent >= 0) return numerator << BigInt(exponent)
  const shift = BigInt(-exponent)
  const quotient = numerator >> shift
  const rest = numerator - (quotient << shift)
  const half = 1n << (shift - 1n)
  const up = rest > half || (rest === half && (quotient & 1n) === 1n)
  return up ? quotient + 1n : quotient
}

function bitsOf(value: number): bigint {
  const view = new DataView(new ArrayBuffer(8))
  view.setFloat64(0, value)
  return view.getBigUint64(0)
}
