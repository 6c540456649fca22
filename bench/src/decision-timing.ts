import {
  type AuditTrail,
  encodeSessionPart,
  Gate,
  parsePolicy,
  RateLimiter,
  type StatementReader,
} from '@gatehouse/core'
import type { DecisionTiming } from './decisions.ts'
import type { EngineName } from './engine.ts'
import { newTexts, seenTexts, type Spelling } from './generated-statements.ts'
import { TARGET } from './gateway-setup.ts'
import { percentile } from './statistics.ts'

const SEEN = 200_000
const NEW = 3000
/** Texts that only let the engine compile what it will run. */
const WARM_UP = 0.25

/** Times reading a text and judging it, alone in this process, without a socket or a trail. */
export function timeDecisions<Names extends object>(
  engine: EngineName,
  reader: StatementReader<Names>,
  names: Names,
  policy: string,
  spelling: Spelling,
): { readonly seen: DecisionTiming; readonly new: DecisionTiming } {
  const gate = gateOf(engine, reader, policy)
  const time = (texts: readonly Buffer[]): DecisionTiming => timeTexts(gate, texts, names)
  return { seen: time(seenTexts(SEEN, spelling)), new: time(newTexts(NEW, spelling)) }
}

const NO_TRAIL: AuditTrail = { append: () => 1, owe: () => undefined, commit: () => undefined }

/** A gate for one session of an agent. Throws when the policy has problems. */
export function gateOf<Names extends object>(
  engine: EngineName,
  reader: StatementReader<Names>,
  policy: string,
  trail: AuditTrail = NO_TRAIL,
): Gate<Names> {
  const parsed = parsePolicy(policy)
  if (!parsed.ok) throw new Error(parsed.problems.map((problem) => problem.message).join('\n'))
  const principal = {
    subject: 'ada@example.com',
    actor: 'copilot',
    groups: ['ai-agents'],
    issuer: 'bench',
    claims: {},
    expiresAt: Infinity,
  }
  const session = { id: 'bench', principal, target: TARGET, engine }
  return new Gate<Names>(
    { ...session, credential: null, encoded: encodeSessionPart(session) },
    {
      reader,
      policy: { current: parsed.policy },
      trail,
      rates: new RateLimiter(),
      clock: { now: Date.now, monotonic: () => performance.now() },
      recordLimits: { maxTextBytes: 65_536, maxParameterBytes: 4096, maxParametersBytes: 65_536, maxParameters: 1000 },
      redaction: { literals: 'keep', secrets: true },
      observer: null,
    },
  )
}

function timeTexts<Names extends object>(gate: Gate<Names>, texts: readonly Buffer[], names: Names): DecisionTiming {
  const warm = Math.floor(texts.length * WARM_UP)
  const times = new Float64Array(texts.length - warm)
  const refusals: Record<string, number> = {}
  let permitted = 0
  for (const [index, text] of texts.entries()) {
    const begun = performance.now()
    const judgement = gate.judge(text, 0, text.length, names)
    const took = performance.now() - begun
    if (index < warm) continue
    times[index - warm] = took * 1000
    const code = judgement === null ? 'TOO_LARGE' : judgement.refusal?.code
    if (code === undefined) permitted++
    else refusals[code] = (refusals[code] ?? 0) + 1
  }
  const total = times.reduce((sum, value) => sum + value, 0)
  return {
    decisions: times.length,
    permitted: permitted / times.length,
    p50Microseconds: percentile(times, 0.5),
    p99Microseconds: percentile(times, 0.99),
    meanMicroseconds: total / times.length,
    refusals,
  }
}
