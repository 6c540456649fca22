import { postJson } from '@gatehouse/audit-trail'
import type { DeliveryOutcome } from '@gatehouse/coordination'
import type { ChannelPost } from './channel-bodies.ts'

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
    const { status, retryAfterMilliseconds } = await postJson(url, null, body, headers)
    if (status >= 200 && status < 300) return { state: 'delivered', status }
    return isFinal(status) ? { state: 'failed', status } : again(tries, status, retryAfterMilliseconds)
  } catch {
    return again(tries, null, 0)
  }
}

/** What the sender does wrong stays wrong: it is not tried again. */
function isFinal(status: number): boolean {
  return status >= 300 && status < 500 && status !== 408 && status !== 425 && status !== 429
}

function again(tries: number, status: number | null, retryAfterMilliseconds: number): DeliveryOutcome {
  if (tries >= MOST_TRIES) return { state: 'failed', status }
  const pause = Math.min(LONGEST_PAUSE_MILLISECONDS, FIRST_PAUSE_MILLISECONDS * 2 ** (tries - 1))
  // Not all at the same moment.
  const own = pause * (0.5 + Math.random() / 2)
  return {
    state: 'again',
    afterMilliseconds: Math.max(own, Math.min(retryAfterMilliseconds, MOST_RETRY_AFTER_MILLISECONDS)),
    status,
  }
}
