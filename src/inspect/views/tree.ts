// --view tree: the fields of each packet as a tree, each with its bit range; for debugging decoders.

import { oneLine } from '../../text.js'
import { decodeAgain } from '../decode.js'
import type { Packet } from '../packet.js'
import { FieldsView, faultText, headline } from './fields-view.js'
import { padding } from './text.js'
import type { ConnectionFacts } from './view.js'

export class TreeView extends FieldsView {
  packet(packet: Packet, connection: ConnectionFacts): void {
    const fields = this.fields
    decodeAgain(fields, packet)
    let text = `${headline(packet, connection, this.paint)}\n`
    for (let i = 0; i < fields.count; i++) {
      const field = fields.items[i]!
      const value = this.valueOf(field, packet)
      const range = this.paint.faint(`  ${place(field.start)}-${place(field.start + field.length)}`)
      const label = [field.name, value, field.meaning].filter((part) => part !== '').join(' ')
      text += `${padding(2 + field.depth * 2)}${label}${range}\n`
    }
    for (const line of packet.decoded?.lines ?? []) text += `    ${oneLine(line)}\n`
    for (const violation of packet.violations) {
      const paint = this.paint.found[violation.severity]
      text += `  ${paint(`${faultText(violation)} at byte ${violation.offset}`)}\n`
    }
    this.sink.text(`${text}\n`)
  }
}

/** A position in bytes, with bits after a point: `3`, `3.4`. */
function place(bits: number): string {
  return bits % 8 === 0 ? String(bits / 8) : `${Math.floor(bits / 8)}.${bits % 8}`
}
