/** The service said no, or was not reached (`status` 0). `hint` says what would work; it may be empty. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly code: string
  readonly hint: string

  constructor(status: number, code: string, message: string, hint: string) {
    super(message)
    this.status = status
    this.code = code
    this.hint = hint
  }
}

let csrfToken = ''

/** Keeps the token that writes carry. */
export function keepCsrfToken(me: { readonly csrfToken?: string }): void {
  csrfToken = me.csrfToken ?? ''
}

/** Asks the service. Rejects with `ApiError`. */
export function read<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  return call<Answer>(path, { method: 'GET', ...(signal === undefined ? {} : { signal }) })
}

/** Has the service do something; `body` null: none is sent. Rejects with `ApiError`. */
export function write<Answer>(method: 'POST' | 'DELETE', path: string, body: object | null): Promise<Answer> {
  const headers: Record<string, string> = { 'x-csrf-token': csrfToken }
  if (body !== null) headers['content-type'] = 'application/json'
  return call<Answer>(path, { method, headers, ...(body === null ? {} : { body: JSON.stringify(body) }) })
}

async function call<Answer>(path: string, init: RequestInit): Promise<Answer> {
  let response: Response
  try {
    response = await fetch(path, { credentials: 'same-origin', cache: 'no-store', ...init })
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error
    throw new ApiError(0, 'NOT_REACHED', 'The service was not reached.', 'Look at your network; the page tries again.')
  }
  const body: unknown = response.status === 204 ? null : await response.json().catch(() => null)
  if (response.ok) return body as Answer
  const told = body as { error?: { code?: string; message?: string; hint?: string } } | null
  const { code = `HTTP_${String(response.status)}`, message, hint = '' } = told?.error ?? {}
  throw new ApiError(response.status, code, message ?? `The service answered ${String(response.status)}.`, hint)
}
