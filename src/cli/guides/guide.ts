// A guide of docs/ as blocks of text, which the printers of this folder lay out. .ci/guides.mjs makes it from Markdown.

export interface Guide {
  /** The name of its file without `.md`. */
  readonly topic: string
  readonly title: string
  readonly body: readonly Block[]
}

export type Block =
  | { readonly type: 'heading'; readonly depth: number; readonly text: string }
  | { readonly type: 'paragraph'; readonly text: Text }
  | { readonly type: 'code'; readonly language: string; readonly text: string }
  | { readonly type: 'list'; readonly items: readonly Text[] }
  | {
      readonly type: 'table'
      readonly header: readonly string[]
      readonly rows: readonly (readonly Text[])[]
    }

export type Text = readonly Inline[]

/** Plain text, or a part that is marked up. The target of a `guide` is a topic, that of a `url` an address. */
export type Inline =
  | string
  | { readonly kind: 'code' | 'strong'; readonly text: string }
  | { readonly kind: 'guide' | 'url'; readonly text: string; readonly target: string }

/** A row of a table as a term and what is said about it. Columns after the second have their header before them, except notes. */
export function described(header: readonly string[], cells: readonly Text[]): { term: Text; about: Text[] } {
  const [term = [], ...rest] = cells
  const about = rest.flatMap((cell, index) => {
    if (cell.length === 0) return []
    const name = header[index + 1]
    return [index === 0 || name === 'note' ? cell : [`${name}: `, ...cell]]
  })
  return { term, about }
}
