import { holdsSecrets, withoutSecrets } from '../classification/secret-text.ts'
import type { TextFacts } from '../statement/facts.ts'
import type { AuditedParameter } from './record.ts'
import { type Redaction, speaksOfCredentials, unreadStart } from './redaction.ts'

/** What records leave out besides what they must. */
export interface RedactionSettings {
  /** `redact`: no record holds a literal or a bound value. */
  readonly literals: 'keep' | 'redact'
  /** Tokens and keys that are known by their form are replaced wherever they stand. */
  readonly secrets: boolean
}

/** What holds where nothing else is configured. */
export const DEFAULT_REDACTION: RedactionSettings = { literals: 'keep', secrets: true }

/** A bound value that is left out. */
export const REDACTED_PARAMETER: unique symbol = Symbol('redacted')

/** A bound value as it goes into a record. */
export type RecordableParameter = AuditedParameter | typeof REDACTED_PARAMETER

/** A statement as it may be recorded. */
export interface RecordableStatement {
  readonly text: string
  readonly parameters: readonly RecordableParameter[] | null
  /** Why something is missing in it; null: nothing is. */
  readonly redacted: Redaction | null
}

/** What knows the literals of a text: a `StatementReader`. */
export interface LiteralReader {
  withoutLiterals(text: string, facts: TextFacts): string | null
}

/** What was found out once for all texts of a shape. */
export interface RedactedShape {
  readonly facts: TextFacts | null
  /** See `redactionOf`. */
  readonly redaction: Redaction | null
  /** See `isPlain`. */
  readonly plain: boolean
}

/** Takes out of statements what their records may not hold. */
export class RecordRedactor {
  readonly #settings: RedactionSettings
  readonly #reader: LiteralReader

  constructor(settings: RedactionSettings, reader: LiteralReader) {
    this.#settings = settings
    this.#reader = reader
  }

  /** The statement as it may be recorded. Never throws. */
  recordable(shape: RedactedShape, text: string, parameters: readonly AuditedParameter[] | null): RecordableStatement {
    const redaction = shape.redaction ?? this.#redactionOf(shape, text)
    if (redaction === null)
      return this.#settings.secrets ? withoutKnownSecrets(text, parameters) : { text, parameters, redacted: null }
    const kept = shape.facts === null ? null : this.#reader.withoutLiterals(text, shape.facts)
    return {
      text: withoutSecrets(kept ?? unreadStart(text)),
      parameters: parameters?.map((value) => (value === null ? null : REDACTED_PARAMETER)) ?? null,
      redacted: redaction,
    }
  }

  #redactionOf({ plain }: RedactedShape, text: string): Redaction | null {
    if (!plain && speaksOfCredentials(text)) return 'credentials'
    return this.#settings.literals === 'redact' ? 'all_literals' : null
  }
}

function withoutKnownSecrets(text: string, parameters: readonly AuditedParameter[] | null): RecordableStatement {
  const kept = withoutSecrets(text)
  let replaced = kept !== text
  if (parameters === null) return { text: kept, parameters, redacted: replaced ? 'secrets' : null }
  let values: RecordableParameter[] | null = null
  for (let index = 0; index < parameters.length; index++) {
    const value = parameters[index] ?? null
    const clean = withoutSecretsOf(value)
    if (clean === value) continue
    replaced = true
    values ??= [...parameters]
    values[index] = clean
  }
  return { text: kept, parameters: values ?? parameters, redacted: replaced ? 'secrets' : null }
}

function withoutSecretsOf(value: AuditedParameter): RecordableParameter {
  if (value === null) return null
  if (typeof value === 'string') return withoutSecrets(value)
  return holdsSecrets(value) ? REDACTED_PARAMETER : value
}
