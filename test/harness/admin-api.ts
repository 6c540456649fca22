import { setTimeout as sleep } from 'node:timers/promises'

/** A held statement as the API shows it; what tests look at. */
export interface HeldStatement {
  readonly id: string
  readonly state: string
  readonly endReason: string | null
  readonly decisions: readonly { readonly verdict: string; readonly by: { readonly subject: string } }[]
  readonly request: { readonly statement: { readonly text: string; readonly parameters: readonly (string | null)[] } }
}

/** A live session as the API shows it. */
export interface LiveSession {
  readonly id: string
  readonly gateway: string
  readonly state: string
}

/** What the service answered; an empty body is `{}`. */
export interface ApiAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** Somebody who uses the API of one admin service with a token of theirs. */
export class AdminApi {
  readonly #url: string
  readonly #token: string

  /** `url` without a slash at its end. */
  constructor(url: string, token: string) {
    this.#url = url
    this.#token = token
  }

  /** Rejects when the service is not there. */
  async call(method: string, path: string, body?: unknown): Promise<ApiAnswer> {
    const response = await fetch(this.#url + path, {
      method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as ApiAnswer['body']) }
  }

  /** What waits for a decision, at most 500 of them. */
  async pending(): Promise<readonly HeldStatement[]> {
    const { body } = await this.call('GET', '/v1/approvals?state=pending&limit=500')
    return body['approvals'] as readonly HeldStatement[]
  }

  /** The one that waits; comes when there is one. */
  async held(): Promise<HeldStatement> {
    for (let tries = 0; tries < 1000; tries++) {
      const [found] = await this.pending()
      if (found !== undefined) return found
      await sleep(20)
    }
    throw new Error('nothing is held')
  }

  /** Null: it is not known. */
  async approval(id: string): Promise<HeldStatement | null> {
    const { status, body } = await this.call('GET', `/v1/approvals/${id}`)
    return status === 200 ? (body['approval'] as HeldStatement) : null
  }

  approve(id: string, more: Readonly<Record<string, unknown>> = {}): Promise<ApiAnswer> {
    return this.call('POST', `/v1/approvals/${id}/approve`, more)
  }

  refuse(id: string, reason: string): Promise<ApiAnswer> {
    return this.call('POST', `/v1/approvals/${id}/refuse`, { reason })
  }

  async sessions(): Promise<readonly LiveSession[]> {
    return (await this.call('GET', '/v1/sessions')).body['sessions'] as readonly LiveSession[]
  }

  /** Follows the events from now on. */
  async watch(): Promise<Watch> {
    const stop = new AbortController()
    const response = await fetch(`${this.#url}/v1/events`, {
      headers: { authorization: `Bearer ${this.#token}` },
      signal: stop.signal,
    })
    let told = ''
    const reading = (async () => {
      for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) told += text
    })().catch(() => undefined)
    return {
      approvals: () => [...told.matchAll(/^event: approval\ndata: \{"id":"([^"]+)"\}$/gm)].map(([, id]) => id ?? ''),
      stop: async () => {
        stop.abort()
        await reading
      },
    }
  }
}

/** An open stream of events. */
export interface Watch {
  /** The requests that were told of, as often as they were. */
  readonly approvals: () => readonly string[]
  readonly stop: () => Promise<void>
}
