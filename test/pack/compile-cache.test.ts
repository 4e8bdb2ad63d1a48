// Which folder compiled code is read from at the next start: only one that nobody else can write to (bin/mqttx.js).
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import * as module from 'node:module'
import { join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { program, scratch } from '../helpers/run.js'

const script = program.endsWith('.js')
const reason = script
  ? !('enableCompileCache' in module) && 'this Node keeps no compiled code'
  : 'an executable has its code inside'

/** A folder of ours with `mode`, in a new one. */
function folder(mode: number): string {
  const path = join(scratch('home'), 'folder')
  mkdirSync(path)
  chmodSync(path, mode)
  return path
}

/** Another user's, where the test may make one. */
function foreign(): string | undefined {
  const path = folder(0o755)
  try {
    execFileSync('chown', ['12345', path], { stdio: 'pipe' })
    return path
  } catch {
    return undefined
  }
}

/** What the program has put into `place` at its start, anywhere below it. */
function written(place: string, env: Record<string, string>, cwd = place): string[] {
  const { PATH = '' } = process.env
  execFileSync(process.execPath, [program, 'pub', '--help'], { cwd, env: { PATH, ...env } })
  return existsSync(place) ? readdirSync(place, { recursive: true, encoding: 'utf8' }) : []
}

describe.skipIf(reason)(`H60: compiled code${reason ? ` (${reason})` : ''}`, () => {
  test('is kept in a folder of ours, made with mode 0700', () => {
    const cache = folder(0o700)
    expect(written(cache, { XDG_CACHE_HOME: cache })).toContain('mqttx')
    const home = folder(0o755)
    expect(written(home, { HOME: home })).toContain('.cache/mqttx')
  })

  test.each([
    ['that others can write to', () => folder(0o777)],
    ['that a group can write to', () => folder(0o770)],
    ['of another user', foreign],
  ])('is not kept in a folder %s', (_, make) => {
    const place = make()
    if (place === undefined) return expect(process.getuid?.()).not.toBe(0) // only root can give a folder away
    expect(written(place, { XDG_CACHE_HOME: place })).toEqual([])
    expect(written(place, { HOME: place })).toEqual([])
  })

  test('is not read from mqttx/ that others can write to', () => {
    const cache = folder(0o700)
    mkdirSync(join(cache, 'mqttx'))
    chmodSync(join(cache, 'mqttx'), 0o777)
    expect(written(cache, { XDG_CACHE_HOME: cache })).toEqual(['mqttx'])
  })

  test('is not kept in a relative folder', () => {
    const place = folder(0o700)
    const name = relative(process.cwd(), place)
    expect(written(place, { XDG_CACHE_HOME: 'cache' })).toEqual([])
    expect(written(place, { XDG_CACHE_HOME: name }, process.cwd())).toEqual([])
  })

  test.each([{}, { HOME: '/nonexistent' }, { XDG_CACHE_HOME: '/dev/null/x' }])('starts with %o', (env) => {
    expect(written(folder(0o700), env)).toEqual([])
  })
})
