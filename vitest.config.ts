import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { configDefaults, defineConfig } from 'vitest/config'
// @ts-expect-error -- a script without types
import { packedGuides } from './.ci/guides.mjs'

/**
 * Tests of functions: they start no process, mock nothing, and change nothing of their own process. They share processes,
 * since starting one, and loading src/ into it, takes longer than most of them.
 */
const folders =
  /^test\/((broker|capture|cli|codec|connection|format|inspect|io|library|passwd|session|top)\/.*|byte-text|text)\.test\.ts$/
const needsItsOwn =
  /helpers\/(?!amount|capture-builder|capture-log|cuts|dice|scripted|tap|wait)|\.\.\/commands\/|\bvi\b|\bprocess\.(?!nextTick)/
const functions = readdirSync(resolve(import.meta.dirname, 'test'), { recursive: true, encoding: 'utf8' })
  .map((file) => `test/${file.replaceAll('\\', '/')}`)
  .filter((file) => folders.test(file))
  .filter((file) => !needsItsOwn.test(readFileSync(resolve(import.meta.dirname, file), 'utf8')))

export default defineConfig({
  define: {
    MQTTX_VERSION: JSON.stringify('0.1.0-test'),
    MQTTX_GUIDES: JSON.stringify(packedGuides()),
    // A thread cannot start from TypeScript: the bundled one is used, which `npm test` has built.
    MQTTX_PASSWD_WORKER: JSON.stringify(resolve(import.meta.dirname, 'dist/passwd-worker.cjs')),
    MQTTX_BENCH_WORKER: JSON.stringify(resolve(import.meta.dirname, 'dist/bench-worker.cjs')),
  },
  test: {
    // For what hangs: tests wait for events, which a busy machine is slow to bring.
    testTimeout: 90_000,
    hookTimeout: 90_000,
    expect: { poll: { timeout: 60_000 } },
    pool: 'forks',
    maxWorkers: 6, // much of the time is spent waiting for servers and programs
    projects: [
      { extends: true, test: { name: 'functions', include: functions, isolate: false } },
      {
        extends: true,
        test: {
          name: 'all else',
          include: ['test/**/*.test.ts'],
          exclude: [...configDefaults.exclude, ...functions],
        },
      },
    ],
  },
})
