// --write: the packets that pass the filters, as a pcapng file.
import { createWriteStream } from 'node:fs'
import {
  fileHead,
  openingBlocks,
  packetBlocks,
  type WrittenFlow,
  writtenFlow,
} from '../../capture/pcapng-writer.js'
import type { View } from '../../inspect/views/view.js'
import { Output } from '../../io/output.js'

export interface Writer {
  readonly view: View
  /** Resolves when more may be written. */
  flush(): Promise<void>
  end(): Promise<void>
}

export function writerTo(file: string): Writer {
  const stream = createWriteStream(file)
  const output = new Output(stream)
  const flows = new Map<number, WrittenFlow>()
  output.bytes(fileHead())
  return {
    view: {
      packet({ bytes, start, end, direction, time, protocol }, { number, client, server, sawStart }) {
        let flow = flows.get(number)
        if (flow === undefined) {
          flow = writtenFlow(client, server, number, protocol === 'mqtt-sn')
          flows.set(number, flow)
          if (sawStart) output.bytes(openingBlocks(flow, time))
        }
        output.bytes(packetBlocks(flow, direction === 'c2s', bytes.subarray(start, end), time))
      },
      closed: ({ number }) => void flows.delete(number),
    },
    async flush() {
      await output.flush()
    },
    async end() {
      await output.finish()
      await new Promise<void>((done) => stream.end(done))
    },
  }
}
