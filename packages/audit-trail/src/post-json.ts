/** How long an address may take to answer. */
const PATIENCE_MILLISECONDS = 10_000

/** What an address answered; nothing of it is kept but this. */
export interface PostAnswer {
  readonly status: number
  /** `Retry-After`; null: it did not say. */
  readonly retryAfter: string | null
}

/**
 * A POST of JSON. `token`: a bearer token, or with a scheme before it (`Splunk …`) the whole of `Authorization`; null: none.
 * A redirect is not followed: what is sent goes to no place that nobody configured. Rejects when there is no answer in time, or `signal` says stop.
 */
export async function postJson(
  url: string,
  token: string | null,
  body: string,
  headers: Readonly<Record<string, string>> = {},
  signal: AbortSignal | null = null,
): Promise<PostAnswer> {
  const patience = AbortSignal.timeout(PATIENCE_MILLISECONDS)
  const response = await fetch(url, {
    method: 'POST',
    redirect: 'manual',
    headers: {
      ...headers,
      'content-type': 'application/json',
      ...(token === null ? {} : { authorization: token.includes(' ') ? token : `Bearer ${token}` }),
    },
    body,
    signal: signal === null ? patience : AbortSignal.any([signal, patience]),
  })
  await response.body?.cancel()
  return { status: response.status, retryAfter: response.headers.get('retry-after') }
}
