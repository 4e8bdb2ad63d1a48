#!/usr/bin/env node
const { existsSync, mkdirSync, statSync } = require('node:fs')
const { enableCompileCache } = require('node:module')
const { isAbsolute } = require('node:path')

/** True of a folder that nobody but us (and root) can put files into. Windows has no such owner and mode. */
function isOurs(folder) {
  if (process.getuid === undefined) return true
  const { uid, mode } = statSync(folder)
  return uid === process.getuid() && (mode & 0o022) === 0
}

/**
 * A folder for compiled code, which the next start runs: the user's cache folder, where nobody else can write to it.
 * Undefined where there is none: a relative name, the home directory of another user (sudo -E), a read-only one.
 */
function compileCache() {
  const { HOME, XDG_CACHE_HOME } = process.env
  const cache = XDG_CACHE_HOME || (HOME && `${HOME}/.cache`)
  if (!cache || !isAbsolute(cache)) return undefined
  try {
    if (!existsSync(cache)) {
      if (XDG_CACHE_HOME || !isOurs(HOME)) return undefined
      mkdirSync(cache, { mode: 0o700 })
    }
    if (!isOurs(cache)) return undefined
    const folder = `${cache}/mqttx`
    if (!existsSync(folder)) mkdirSync(folder, { mode: 0o700 })
    return isOurs(folder) ? folder : undefined
  } catch {
    return undefined
  }
}

const main = `${__dirname}/../dist/main.cjs`
if (existsSync(main)) {
  const folder = enableCompileCache && compileCache() // from Node 22.8 on
  if (folder) enableCompileCache(folder)
  require(main).start()
} else {
  process.stderr.write('Error: mqttx is not built\nhint: run `npm ci` in this checkout\n')
  process.exitCode = 1
}
