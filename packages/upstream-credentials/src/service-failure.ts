import { CredentialUnavailable } from './credential-source.ts'

/** Longest account of a failure, in characters. */
const MAX_DETAIL = 400
/** Where texts of the libraries go on with what a server answered, which may be the secret itself. */
const ANSWER_FOLLOWS = /[{<]|Http status message|parsing the response body/
/** As long as a token or a key, and longer than a GUID or a part of an ARN. */
const LIKE_A_TOKEN = /[A-Za-z0-9+=_~.-]{37,}/g

/** A service gave no credential. `error`: what its library threw; nothing of an answer that may hold a secret is kept of it. */
export function serviceFailure(service: string, error: unknown): CredentialUnavailable {
  if (error instanceof CredentialUnavailable) return error
  return new CredentialUnavailable(`no credential could be had from ${service}`, detailOf(error))
}

function detailOf(error: unknown): string {
  if (!(error instanceof Error)) return 'an unknown failure'
  const status = statusOf(error)
  const said = [error.name, ...(status === null ? [] : [`status ${status}`])].join(', ')
  // These two quote what a library could not read or use.
  const opaque = error instanceof SyntaxError || error instanceof TypeError
  return `${said}: ${opaque ? 'an answer that cannot be used' : withoutAnswer(error.message)}`.slice(0, MAX_DETAIL)
}

function withoutAnswer(message: string): string {
  // A parser's complaint quotes what it could not read.
  if (message.includes('JSON')) return 'an answer that is not the JSON it should be'
  const [before = ''] = message.split(ANSWER_FOLLOWS)
  return before.replaceAll(/\s+/g, ' ').replaceAll(LIKE_A_TOKEN, '…').trim()
}

function statusOf(error: Error): number | null {
  const places: unknown[] = [error, '$metadata' in error ? error.$metadata : null]
  for (const place of places) {
    if (typeof place !== 'object' || place === null) continue
    for (const name of ['httpStatusCode', 'statusCode', 'status']) {
      const value: unknown = Reflect.get(place, name)
      if (typeof value === 'number') return value
    }
  }
  return null
}
