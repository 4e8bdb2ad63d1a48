// Each statement is kept by the embedded broker, and violated by a broker that breaks just it.
import { describe, expect, it } from 'vitest'
import type { Settings } from '../../src/broker/core/settings.js'
import type { Statement } from '../../src/check/statement.js'
import { statements } from '../../src/check/statements/index.js'
import { acknowledging } from './breakings/acknowledgements.js'
import { alias } from './breakings/alias.js'
import { auth, notOffered } from './breakings/auth.js'
import { connack, limits as limitsOfConnack } from './breakings/connack.js'
import { connect } from './breakings/connect.js'
import { disconnect } from './breakings/disconnect.js'
import { errors } from './breakings/errors.js'
import { expiry } from './breakings/expiry.js'
import { flow } from './breakings/flow.js'
import { format } from './breakings/format.js'
import { ping } from './breakings/ping.js'
import { publishProperties } from './breakings/properties.js'
import { publishing } from './breakings/publish.js'
import { qosFlows } from './breakings/qos.js'
import { redelivery } from './breakings/redelivery.js'
import { retain } from './breakings/retain.js'
import { session } from './breakings/session.js'
import { sessionStart } from './breakings/session-start.js'
import { shared } from './breakings/shared.js'
import { sideEffects } from './breakings/side-effects.js'
import { subscribe } from './breakings/subscribe.js'
import { topics } from './breakings/topics.js'
import { unsubscribe } from './breakings/unsubscribe.js'
import { will } from './breakings/will.js'
import { type Breaking, trial } from './rig.js'

/** By file of statements. */
const files: readonly Record<string, Breaking>[] = [
  acknowledging,
  alias,
  connack,
  connect,
  expiry,
  flow,
  format,
  ping,
  publishProperties,
  publishing,
  qosFlows,
  redelivery,
  retain,
  sessionStart,
  subscribe,
  topics,
  unsubscribe,
  will,
  session,
  shared,
  disconnect,
  auth,
  errors,
]
const breakings: Record<string, Breaking> = Object.assign({}, ...files)
/** Of statements about limits: settings by which the embedded broker has them. Without a limit they are skipped. */
const limits: Record<string, Partial<Settings>> = { ...limitsOfConnack }
/** Where nothing should time out. */
const patient = { patienceMs: 5000 }
const keyOf = ({ id, version }: Statement) => `${id} in ${version}`
const isSkipped = (key: string) => key in limits || notOffered.includes(key)

it('every statement has a broker that breaks it, and its number once', () => {
  const keys = statements.map(keyOf)
  expect(new Set(keys).size).toBe(keys.length)
  expect(Object.keys(breakings).sort()).toEqual(keys.sort())
})

describe('the embedded broker', () => {
  it('keeps to all of them', async () => {
    const judgements = await trial(statements, patient)
    const others = judgements.filter(
      ({ statement, verdict }) => verdict !== (isSkipped(keyOf(statement)) ? 'skipped' : 'kept'),
    )
    expect(
      others.map(({ statement, verdict, reason }) => `${keyOf(statement)} ${verdict}: ${reason}`),
    ).toEqual([])
  })

  it.each(statements.filter((one) => keyOf(one) in limits).map((one) => [keyOf(one), one] as const))(
    'keeps to %s if it has limits',
    async (key, statement) => {
      const [judgement] = await trial([statement], { settings: limits[key], ...patient })
      expect(judgement).toMatchObject({ verdict: 'kept', reason: '' })
    },
  )
})

/** Another statement of the same file and version, the same in each run. */
function otherThan(key: string): Statement | undefined {
  const file = files.find((one) => key in one) ?? {}
  const others = statements.map(keyOf).filter((other) => {
    const isLike = other in file && other !== key && other.endsWith(key.slice(-1))
    const effects = sideEffects[key] ?? []
    return isLike && !isSkipped(other) && effects !== 'all' && !effects.includes(other)
  })
  const random = [...key].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 65_521, 17)
  return statements.find((statement) => keyOf(statement) === others[random % others.length])
}

describe.concurrent('a broker that breaks', () => {
  it.each(statements.map((statement) => [keyOf(statement), statement] as const))(
    '%s',
    async (key, statement) => {
      const [judgement] = await trial([statement], { breaking: breakings[key], settings: limits[key] })
      expect(judgement!.verdict).toBe('violated')
      const other = otherThan(key)
      if (other === undefined) return
      const [more] = await trial([other], {
        breaking: breakings[key],
        settings: limits[keyOf(other)],
        ...patient,
      })
      expect(more).toMatchObject({ verdict: 'kept', reason: '' })
    },
  )
})
