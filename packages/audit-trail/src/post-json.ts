/** How long an address may take to answer. */
const PATIENCE_MILLISECONDS = 10_000

/** What an address answered; nothing of it is kept but this. */
export interface PostAnswer {
  readonly status: number
  /** `Retry-After` in milliseconds from now; 0: it did not say, or nothing that can be read. */
  readonly retryAfterMilliseconds: number
}

/**
 * A POST of JSON. `authorization`: that header; null: none.
 * A redirect is not followed: what is sent goes to no place that nobody configured. Rejects when there is no answer in time, or `signal` says stop.
 */
export async function postJson(
  url: string,
  authorization: string | null,
  body: string,
  headers: Readonly<Record<string, string>> = {},
  signal: AbortSignal | null = null,
): Promise<PostAnswer> {
  const patience = AbortSignal.timeout(PATIENCE_MILLISECONDS)
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        ...headers,
        'content-type': 'application/json',
        ...(authorization === null ? {} : { authorization }),
      },
      body,
      signal: signal === null ? patience : AbortSignal.any([signal, patience]),
    })
    await response.body?.cancel()
    return { status: response.status, retryAfterMilliseconds: waitOf(response.headers.get('retry-after')) }
  } catch (error) {
    // `fetch failed` alone says nothing.
    if (!(error instanceof TypeError && error.cause instanceof Error)) throw error
    const { code, message } = error.cause as NodeJS.ErrnoException
    throw new Error(`it cannot be reached: ${code ?? message}`, { cause: error })
  }
}

/** Seconds, or a date (RFC 9110, 10.2.3). */
function waitOf(retryAfter: string | null): number {
  if (retryAfter === null) return 0
  const wait = /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - Date.now()
  return Number.isFinite(wait) ? Math.max(0, wait) : 0
}
