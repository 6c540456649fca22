import { createHash, hash } from 'node:crypto'
import { jsonText } from './json-text.ts'
import { type RecordableParameter, type RecordableStatement, REDACTED_PARAMETER } from './record-redactor.ts'

/** What is kept whole in a record. What is larger is cut, and the record says so, with the SHA-256 of the whole. */
export interface RecordLimits {
  /** Bytes of statement text in UTF-8; default 65,536. */
  readonly maxTextBytes: number
  /** Bytes of one bound value; default 4,096. */
  readonly maxParameterBytes: number
  /** Bytes of all bound values of one statement; default 65,536. The values after the one that reaches it are left out. */
  readonly maxParametersBytes: number
  /** How many bound values; default 1,000. Those after it are left out. */
  readonly maxParameters: number
}

/** The limits that hold where nothing else is configured. */
export const DEFAULT_RECORD_LIMITS: RecordLimits = {
  maxTextBytes: 65_536,
  maxParameterBytes: 4_096,
  maxParametersBytes: 65_536,
  maxParameters: 1_000,
}

/** UTF-8 never needs more bytes than this for one UTF-16 unit. */
const MOST_BYTES_PER_UNIT = 3

/** The longest start of `text` that fits in `maxBytes` of UTF-8, never cut inside a character. */
function cutText(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text.slice(0, maxBytes), 'utf8')
  if (bytes.length <= maxBytes) return text.slice(0, maxBytes).toWellFormed()
  let end = maxBytes
  // A byte 10xxxxxx continues a character: step back to where that character starts.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return bytes.toString('utf8', 0, end)
}

/** The members `"text":…` of a text, with what was cut from it. */
function encodeText(text: string, maxBytes: number): string {
  if (text.length * MOST_BYTES_PER_UNIT <= maxBytes) return `"text":${jsonText(text)}`
  const textBytes = Buffer.byteLength(text, 'utf8')
  if (textBytes <= maxBytes) return `"text":${jsonText(text)}`
  const kept = cutText(text, maxBytes)
  const left = textBytes - Buffer.byteLength(kept, 'utf8')
  return `"text":${jsonText(kept)},"textBytes":${textBytes},"textTruncated":${left},"textSha256":"${hash('sha256', text)}"`
}

function byteLength(parameter: RecordableParameter): number {
  if (parameter === null || parameter === REDACTED_PARAMETER) return 0
  return typeof parameter === 'string' ? Buffer.byteLength(parameter, 'utf8') : parameter.byteLength
}

function encodeParameter(parameter: RecordableParameter, maxBytes: number): string {
  if (parameter === null) return 'null'
  if (parameter === REDACTED_PARAMETER) return '{"redacted":true}'
  if (typeof parameter === 'string') {
    if (parameter.length * MOST_BYTES_PER_UNIT <= maxBytes || byteLength(parameter) <= maxBytes)
      return jsonText(parameter)
    return `{${encodeText(parameter, maxBytes)}}`
  }
  if (parameter.byteLength > maxBytes) {
    return `{"binary":${parameter.byteLength},"sha256":"${hash('sha256', parameter)}"}`
  }
  return `{"hex":"${Buffer.from(parameter.buffer, parameter.byteOffset, parameter.byteLength).toString('hex')}"}`
}

/**
 * What stands for the parameters that were left out. The SHA-256 is over, for each of them in order: `n;` for NULL,
 * `r;` for what is redacted, else `t` (text) or `b` (binary), the length in bytes, `:`, and the bytes.
 */
function encodeOmitted(parameters: readonly RecordableParameter[], from: number): string {
  const sum = createHash('sha256')
  let bytes = 0
  for (let index = from; index < parameters.length; index++) {
    const parameter = parameters[index] ?? null
    if (parameter === null) {
      sum.update('n;')
      continue
    }
    if (parameter === REDACTED_PARAMETER) {
      sum.update('r;')
      continue
    }
    const length = byteLength(parameter)
    bytes += length
    sum.update(`${typeof parameter === 'string' ? 't' : 'b'}${length}:`).update(parameter)
  }
  return `,"parametersOmitted":{"count":${parameters.length - from},"bytes":${bytes},"sha256":"${sum.digest('hex')}"}`
}

/**
 * The members of `statement` that change with every statement: `"text":"…","parameters":[…]`, what was cut, and why something was
 * left out. `parameters` null means none.
 */
export function encodeStatementMembers(
  { text, parameters, redacted }: RecordableStatement,
  limits: RecordLimits,
): string {
  const members = `${encodeText(text, limits.maxTextBytes)},"parameters":[`
  const why = redacted === null ? '' : `,"redacted":"${redacted}"`
  if (parameters === null) return `${members}]${why}`
  let list = ''
  let index = 0
  let budget = limits.maxParametersBytes
  for (; index < parameters.length && index < limits.maxParameters && budget > 0; index++) {
    const parameter = parameters[index] ?? null
    if (parameter !== null) budget -= byteLength(parameter)
    list +=
      index === 0
        ? encodeParameter(parameter, limits.maxParameterBytes)
        : `,${encodeParameter(parameter, limits.maxParameterBytes)}`
  }
  return `${members}${list}]${index < parameters.length ? encodeOmitted(parameters, index) : ''}${why}`
}
