// The pictures in docs/pictures/ show what the program prints now. To accept a change: npm run docs.
import { resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const { pictures } = await import(`${root}/.ci/pictures.mjs`)

test.each(Object.keys(pictures))('%s', async (name) => {
  await expect(await pictures[name]()).toMatchFileSnapshot(`${root}/docs/pictures/${name}`)
})
