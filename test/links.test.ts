// The links and paths in Markdown files lead to files that exist, and to headings that they have.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'

const root = resolve(import.meta.dirname, '..')
const documents = execFileSync('git', ['ls-files', '*.md'], { cwd: root, encoding: 'utf8' })
  .trim()
  .split('\n')

const withoutCode = (text: string) => text.replace(/^```.*?^```/gms, '').replace(/`[^`\n]*`/g, 'code')

/** The anchors of a document, as GitHub makes them of its headings. */
function anchorsOf(path: string): string[] {
  const text = readFileSync(path, 'utf8').replace(/^```.*?^```/gms, '')
  return Array.from(text.matchAll(/^#+ (.*)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

test.each(documents)('%s', (name) => {
  const text = withoutCode(readFileSync(join(root, name), 'utf8'))
  const links = Array.from(text.matchAll(/\]\(([^)\s]+)\)/g), ([, target = '']) => target)
  for (const link of links.filter((target) => !/^(https?|mailto):/.test(target))) {
    const [file = '', anchor] = link.split('#')
    const path = file === '' ? join(root, name) : resolve(root, name, '..', file)
    expect(existsSync(path), link).toBe(true)
    if (anchor !== undefined) expect(anchorsOf(path), link).toContain(anchor)
  }
})

test.each(['CONTRIBUTING.md', 'SECURITY.md', 'docs/project/release.md'])('paths in %s', (name) => {
  const text = readFileSync(join(root, name), 'utf8')
  const paths = Array.from(text.matchAll(/`((?:src|test|docs|\.ci)\/[\w./-]+)`/g), ([, path = '']) => path)
  expect(paths.length).toBeGreaterThan(0)
  for (const path of paths) expect(existsSync(join(root, path)), path).toBe(true)
})
