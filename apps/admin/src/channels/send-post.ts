import type { DeliveryOutcome } from '@gatehouse/coordination'
import type { ChannelPost } from './channel-bodies.ts'

/** How long an address may take to answer. */
const PATIENCE_MILLISECONDS = 10_000
/** After so many tries it is given up. */
const MOST_TRIES = 10
/** The pause after the first try; it doubles with each. */
const FIRST_PAUSE_MILLISECONDS = 1_000
const LONGEST_PAUSE_MILLISECONDS = 300_000
/** `Retry-After` is heeded up to this. */
const MOST_RETRY_AFTER_MILLISECONDS = 3_600_000

/** Sends once. `tries`: how often it was tried, this time included. Never rejects, and nothing of the answer is kept but its status. */
export async function sendPost(url: string, { headers, body }: ChannelPost, tries: number): Promise<DeliveryOutcome> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers,
      body,
      signal: AbortSignal.timeout(PATIENCE_MILLISECONDS),
    })
    await response.body?.cancel()
    const { status } = response
    if (response.ok) return { state: 'delivered', status }
    return isFinal(status) ? { state: 'failed', status } : again(tries, status, response.headers.get('retry-after'))
  } catch {
    return again(tries, null, null)
  }
}

/** What the sender does wrong stays wrong: it is not tried again. */
function isFinal(status: number): boolean {
  return status >= 300 && status < 500 && status !== 408 && status !== 425 && status !== 429
}

function again(tries: number, status: number | null, retryAfter: string | null): DeliveryOutcome {
  if (tries >= MOST_TRIES) return { state: 'failed', status }
  const pause = Math.min(LONGEST_PAUSE_MILLISECONDS, FIRST_PAUSE_MILLISECONDS * 2 ** (tries - 1))
  // Not all at the same moment.
  const own = pause * (0.5 + Math.random() / 2)
  return { state: 'again', afterMilliseconds: Math.max(own, waitOf(retryAfter)), status }
}

/** Seconds, or a date (RFC 9110, 10.2.3), in milliseconds from now; 0: nothing that can be read. */
function waitOf(retryAfter: string | null): number {
  if (retryAfter === null) return 0
  const wait = /^\d{1,6}$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - Date.now()
  return Number.isFinite(wait) ? Math.min(Math.max(0, wait), MOST_RETRY_AFTER_MILLISECONDS) : 0
}
