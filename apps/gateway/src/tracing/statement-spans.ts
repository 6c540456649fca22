import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  TraceFlags,
  type Tracer,
} from '@opentelemetry/api'
import type { Admission, AuditedParameter, GateSession, StatementObserver } from '@gatehouse/core'
import { attributesOf, summaryOf } from './span-attributes.ts'
import { type TraceParent, traceParentIn, traceParentOfAttributes, traceParentOfText } from './trace-context.ts'

/**
 * Makes a span of every statement when it has ended, with children for what took a time of its own: analysis, decision, hold, upstream, relay. What it
 * joins is said by the statement, else by its session.
 */
export class StatementSpans implements StatementObserver {
  readonly traces = true
  readonly #tracer: Tracer
  /** Counts them; null: nobody does. */
  readonly #beside: StatementObserver | null
  /** What a session's statements join that say nothing by themselves. */
  readonly #sessions = new WeakMap<GateSession, TraceParent | null>()
  readonly #statements = new WeakMap<Admission, TraceParent>()

  /** Told what is thrown while spans are made. */
  readonly failed: (error: unknown) => void

  constructor(tracer: Tracer, beside: StatementObserver | null, failed: (error: unknown) => void) {
    this.#tracer = tracer
    this.#beside = beside
    this.failed = failed
  }

  judged(engine: GateSession['engine'], milliseconds: number): void {
    this.#beside?.judged(engine, milliseconds)
  }

  admitted(
    session: GateSession,
    admission: Admission,
    text: string,
    parameters: readonly AuditedParameter[] | null,
  ): void {
    this.#beside?.admitted(session, admission, text, parameters)
    const joined =
      traceParentOfText(text) ?? traceParentOfAttributes(session, parameters) ?? this.#traceParentOf(session)
    if (joined !== null) this.#statements.set(admission, joined)
    if (admission.refusal !== null) this.#end(session, admission, null, performance.now())
  }

  settled(session: GateSession, admission: Admission, error: string | null, now: number): void {
    this.#beside?.settled(session, admission, error, now)
    this.#end(session, admission, error, now)
    if (error === null && admission.refusal === null) this.#heed(session, admission)
  }

  /** A session that sets `application_name` joins another trace from there on, or none. */
  #heed(session: GateSession, { judgement }: Admission): void {
    for (const { settings } of judgement.facts?.statements ?? [])
      for (const { action, name, value } of settings)
        if (name === 'application_name' && action !== 'show')
          this.#sessions.set(session, value === null ? null : traceParentIn(value))
  }

  #traceParentOf(session: GateSession): TraceParent | null {
    const known = this.#sessions.get(session)
    if (known !== undefined) return known
    const { application = null } = session
    const joined = application === null ? null : traceParentIn(application)
    this.#sessions.set(session, joined)
    return joined
  }

  #end(session: GateSession, admission: Admission, error: string | null, now: number): void {
    const { moments, startedAt, answeredAt, refusal } = admission
    const { begun = 0, read = 0, decided = 0, held = 0 } = moments ?? {}
    // The wall's clock may have been set since the process began.
    const wall = Date.now() - now
    const from = [begun, held, startedAt].filter((moment) => moment > 0)
    const span = this.#tracer.startSpan(
      summaryOf(admission.judgement),
      {
        kind: SpanKind.SERVER,
        startTime: wall + Math.min(...from),
        attributes: attributesOf(session, admission, error),
      },
      contextOf(this.#statements.get(admission) ?? null),
    )
    if (span.isRecording()) {
      const inside = trace.setSpan(ROOT_CONTEXT, span)
      const child = (name: string, start: number, end: number, kind = SpanKind.INTERNAL): Span | null => {
        if (start === 0 || end < start) return null
        const one = this.#tracer.startSpan(name, { kind, startTime: wall + start }, inside)
        one.end(wall + end)
        return one
      }
      child('analysis', begun, read)
      child('decision', read, decided)
      child('hold', held, startedAt)
      if (refusal === null) {
        this.#upstream(session, inside, wall + startedAt, wall + (answeredAt === 0 ? now : answeredAt))
        child('relay', answeredAt, now)
      }
      if (refusal !== null) span.setStatus({ code: SpanStatusCode.ERROR, message: refusal.code })
      else if (error !== null) span.setStatus({ code: SpanStatusCode.ERROR })
    }
    span.end(wall + now)
  }

  /** From the record, which lets it go, to the first of the answer. */
  #upstream({ engine, target }: GateSession, inside: Context, start: number, end: number): void {
    const attributes: Attributes = {
      'db.system.name': engine === 'postgres' ? 'postgresql' : 'mysql',
      'db.namespace': target,
    }
    this.#tracer.startSpan('upstream', { kind: SpanKind.CLIENT, startTime: start, attributes }, inside).end(end)
  }
}

function contextOf(joined: TraceParent | null): Context {
  if (joined === null) return ROOT_CONTEXT
  const { traceId, spanId, sampled } = joined
  const traceFlags = sampled ? TraceFlags.SAMPLED : TraceFlags.NONE
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true })
}
