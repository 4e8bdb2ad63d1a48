// Helpers: a recording sink, messages with default fields, a fixed clock.
import type { ByteSink, Formatter, ReceivedMessage, WallTime } from '../../src/format/message.js'
import { compileTemplate, type RenderContext } from '../../src/format/template.js'

process.env.TZ = 'Europe/Berlin'

/** 2026-11-21T01:34:56.356944789+0100, a Saturday. */
export const moment: WallTime = { seconds: 1_795_221_296, nanoseconds: 356_944_789 }

export function message(
  fields: Omit<Partial<ReceivedMessage>, 'payload'> & { payload?: string | Buffer } = {},
) {
  const payload = Buffer.from((fields.payload ?? 'message') as Buffer)
  return {
    topic: 'f/t',
    qos: 0,
    retain: false,
    dup: false,
    messageId: 0,
    properties: undefined,
    ...fields,
    payload,
    bytes: payload,
    payloadStart: 0,
    payloadEnd: payload.length,
  } satisfies ReceivedMessage as ReceivedMessage
}

export function collector(): ByteSink & { all(): Buffer } {
  const pieces: Uint8Array[] = []
  return {
    bytes: (bytes) => void pieces.push(Buffer.from(bytes)),
    range: (bytes, start, end) => void pieces.push(Buffer.from(bytes.subarray(start, end))),
    newline: () => void pieces.push(Buffer.from('\n')),
    text: (text) => void pieces.push(Buffer.from(text)),
    fixed: (text) => void pieces.push(Buffer.from(text)),
    all: () => Buffer.concat(pieces),
  }
}

export function context(overrides: Partial<RenderContext> = {}): RenderContext & { warnings: string[] } {
  const warnings: string[] = []
  return {
    clock: () => moment,
    pretty: false,
    warn: (text) => void warnings.push(text),
    warnings,
    ...overrides,
  }
}

/** The output of a format for a message. */
export function renderBytes(format: string, of: ReceivedMessage, within: RenderContext = context()): Buffer {
  const sink = collector()
  compileTemplate(format)(of, sink, within)
  return sink.all()
}

export function render(format: string, of: ReceivedMessage, within: RenderContext = context()): string {
  return renderBytes(format, of, within).toString()
}

export function format(formatter: Formatter, of: ReceivedMessage): string {
  const sink = collector()
  formatter(of, sink)
  return sink.all().toString('latin1')
}
