// Reads all files of a capture once into an inspector, in portions.
import { CaptureReader } from '../capture/open.js'
import type { CaptureOptions } from '../capture/options.js'
import { PacedSink } from '../capture/pace.js'
import type { Inspector } from '../inspect/inspector.js'
import type { Inputs } from '../io/inputs.js'
import { readFiles } from './capture-files.js'
import { chunksOf } from './capture-input.js'

export interface ReadOptions {
  readonly files: readonly string[]
  readonly options: CaptureOptions
  readonly inputs: Inputs
  /** Opens a file; default: `chunksOf`. */
  readonly open?: ((file: string) => AsyncIterable<Buffer>) | undefined
  /** Sets the file that later notes refer to; undefined for all files. */
  readonly enter: (file: string | undefined) => void
  /** Called after each portion; resolves to false to stop reading. */
  readonly turn: () => Promise<boolean>
}

/** Resolves at the end of all files, or when `turn` stops the reading. */
export async function readInto(
  inspector: Inspector,
  { files, options, inputs, enter, turn, ...given }: ReadOptions,
): Promise<void> {
  const paced = new PacedSink(inspector)
  const reader = new CaptureReader(paced, options)
  let wanted = true
  const after = async (): Promise<boolean> => {
    do {
      wanted = await turn()
    } while (wanted && paced.next())
    return wanted
  }
  const note = (text: string): void => inspector.note(text, { fileOffset: -1 })
  const open = given.open ?? ((file: string) => chunksOf(file, { inputs, note }))
  await readFiles(files, { reader, open: (file) => portions(open(file)), enter, after })
  enter(undefined)
  if (!wanted) return
  reader.end()
  await after()
}

/** Bytes processed at a time. */
const portion = 64 * 1024

/** Splits chunks into portions. */
async function* portions(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += portion) yield chunk.subarray(at, at + portion)
  }
}
