// Judgements as a JUnit report.
import type { Judgement } from '../../check/judge.js'

export function junitXml(judgements: readonly Judgement[]): string {
  const of = (verdict: string) => judgements.filter((judgement) => judgement.verdict === verdict).length
  const seconds = judgements.reduce((sum, { took }) => sum + took, 0) / 1000
  const counts = `tests="${judgements.length}" failures="${of('violated')}" errors="${of('unclear')}" skipped="${of('skipped')}"`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuite name="mqttx check --conformance" ${counts} time="${seconds.toFixed(3)}">`,
    ...judgements.map(testcase),
    '</testsuite>',
    '',
  ].join('\n')
}

function testcase({ statement, verdict, reason, took }: Judgement): string {
  const { id, version, text } = statement
  const className = version === 5 ? 'MQTT 5.0' : 'MQTT 3.1.1'
  const start = `  <testcase classname="${className}" name="${escaped(`${id} ${text}`)}" time="${(took / 1000).toFixed(3)}"`
  const element = { kept: undefined, violated: 'failure', unclear: 'error', skipped: 'skipped' }[verdict]
  return element === undefined
    ? `${start}/>`
    : `${start}><${element} message="${escaped(reason)}"/></testcase>`
}

const entities: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' }

/** For an attribute; XML 1.0 has no form for most control characters and lone surrogates. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[<>&"]/g, (character) => entities[character]!)
}
