// What socks uses of the package ip-address: an IPv4 address as numbers, and an IPv6 address with its eight groups in full.
const groupsOf = (text) => (text === '' ? [] : text.split(':'))

class Address4 {
  constructor(text) {
    this.text = text
  }
  toArray() {
    return this.text.split('.').map(Number)
  }
}

class Address6 {
  /** Sixteen numbers. */
  static fromByteArray(bytes) {
    const groups = Array.from({ length: 8 }, (_, index) => bytes[2 * index] * 256 + bytes[2 * index + 1])
    return new Address6(groups.map((group) => group.toString(16)).join(':'))
  }
  /** An address for which net.isIPv6() is true. */
  constructor(text) {
    this.text = text.replace(/%.*/, '').replace(/[\d.]+$/, (end) => {
      if (!end.includes('.')) return end
      const [a, b, c, d] = end.split('.').map(Number)
      return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
    })
  }
  canonicalForm() {
    const [head, tail] = this.text.split('::').map(groupsOf)
    const missing = tail === undefined ? [] : Array(8 - head.length - tail.length).fill('0')
    return [...head, ...missing, ...(tail ?? [])]
      .map((group) => group.padStart(4, '0').toLowerCase())
      .join(':')
  }
}

module.exports = { Address4, Address6 }
