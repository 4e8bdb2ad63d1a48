// The first script of the single executable. The files of dist/ are assets of it; require finds them, and so do worker
// threads, which run this function too. Where V8's compiled form lies beside a file, nothing is compiled at the start.
'use strict'

function run(entry) {
  const { getAssetKeys, getRawAsset } = require('node:sea')
  const { Script } = require('node:vm')
  const folder = '/mqttx/'
  const assets = new Set(getAssetKeys())
  const modules = new Map()

  function load(name) {
    const known = modules.get(name)
    if (known !== undefined) return known.exports
    const module = { exports: {} }
    modules.set(name, module)
    const compiled = `${name}.compiled`
    const script = new Script(Buffer.from(getRawAsset(name)).utf8Slice(), {
      filename: folder + name,
      cachedData: assets.has(compiled) ? new Uint8Array(getRawAsset(compiled)) : undefined,
    })
    script.runInThisContext()(module.exports, wanted, module, folder + name, folder.slice(0, -1))
    return module.exports
  }

  /** Node's worker threads, for files of ours. */
  function threads() {
    const found = require('node:worker_threads')
    class Worker extends found.Worker {
      constructor(file, options) {
        super(`(${run})(${JSON.stringify(file.slice(folder.length))})`, { ...options, eval: true })
      }
    }
    return { ...found, Worker }
  }

  let ours
  function wanted(id) {
    if (id.startsWith('./')) return load(id.slice(2))
    return id === 'node:worker_threads' ? (ours ??= threads()) : require(id)
  }

  return load(entry)
}

module.exports = run('main.cjs').start()
