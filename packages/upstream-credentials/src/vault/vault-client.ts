import { readFileSync } from 'node:fs'
import { Agent as HttpAgent, request as requestHttp, type IncomingMessage } from 'node:http'
import { Agent as HttpsAgent, request as requestHttps } from 'node:https'
import { isObject, type JsonObject, readJsonBytes } from '../json-bytes.ts'

/** The largest answer that is read, in bytes. */
const MAX_ANSWER_BYTES = 256 * 1024
/** Connections at once; further requests wait. */
const MAX_CONNECTIONS = 16

/** Where a Vault is, and how it is reached. */
export interface VaultAddress {
  /** `https://…`, or `http://` to a loopback host. */
  readonly address: string
  readonly namespace: string | null
  /** Certificate authorities in PEM; null: the system's. */
  readonly caFile: string | null
  readonly timeoutSeconds: number
}

/** Vault said no, or nothing. The message is for the log: it holds what Vault says is wrong, and no secret. */
export class VaultFailure extends Error {
  override readonly name = 'VaultFailure'
  /** HTTP's status; 0: there was no answer. */
  readonly status: number

  constructor(message: string, status: number) {
    super(message)
    this.status = status
  }
}

/** Asks one Vault, by its HTTP API. Follows no redirect. */
export class VaultClient {
  readonly #at: VaultAddress
  readonly #agent: HttpAgent | HttpsAgent

  /** Throws when the file of the authorities cannot be read. */
  constructor(at: VaultAddress) {
    this.#at = at
    const keep = { keepAlive: true, maxSockets: MAX_CONNECTIONS }
    const ca = at.caFile === null ? {} : { ca: readFileSync(at.caFile) }
    this.#agent = at.address.startsWith('https:') ? new HttpsAgent({ ...keep, ...ca }) : new HttpAgent(keep)
  }

  /**
   * What Vault answers, an empty object for an empty answer; texts in it are bytes that can be overwritten. `body` is overwritten once it
   * is sent. Rejects with `VaultFailure`.
   */
  async ask(
    method: 'GET' | 'POST',
    path: string,
    token: Buffer | null,
    body: Buffer | null,
    signal: AbortSignal,
  ): Promise<JsonObject> {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(this.#at.timeoutSeconds * 1000)])
    try {
      const response = await this.#send(method, path, token, body, deadline)
      const answer = await answerOf(response)
      if (response.statusCode !== 200 && response.statusCode !== 204) throw refused(response.statusCode ?? 0, answer)
      return answer
    } catch (error) {
      if (error instanceof VaultFailure) throw error
      throw new VaultFailure(deadline.aborted ? 'it did not answer in time' : causeOf(error), 0)
    } finally {
      body?.fill(0)
    }
  }

  close(): void {
    this.#agent.destroy()
  }

  #send(
    method: string,
    path: string,
    token: Buffer | null,
    body: Buffer | null,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const { address, namespace } = this.#at
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
    const url = new URL(`${address.replace(/\/+$/, '')}/v1/${path}`)
    const headers = {
      accept: 'application/json',
      'accept-encoding': 'identity',
      'x-vault-request': 'true',
      ...(namespace === null ? {} : { 'x-vault-namespace': namespace }),
      // A header is a JavaScript string: Vault's token is one for as long as its request takes.
      ...(token === null ? {} : { 'x-vault-token': token.toString() }),
      ...(body === null ? {} : { 'content-type': 'application/json', 'content-length': body.length }),
    }
    const receive = (response: IncomingMessage): void => {
      // Heard also when nobody reads any more: an error without a listener would end the process.
      response.on('error', reject)
      resolve(response)
    }
    const options = { method, headers, signal, agent: this.#agent }
    const request =
      url.protocol === 'https:'
        ? // Said outright, because an environment variable can turn the default off.
          requestHttps(url, { ...options, rejectUnauthorized: true }, receive)
        : requestHttp(url, options, receive)
    request.on('error', reject)
    request.end(body ?? undefined)
    return promise
  }
}

/** A path with each of its steps escaped. */
export function vaultPath(...steps: readonly string[]): string {
  return steps
    .flatMap((step) => step.split('/'))
    .filter((step) => step !== '')
    .map((step) => encodeURIComponent(step))
    .join('/')
}

async function answerOf(response: IncomingMessage): Promise<JsonObject> {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) throw new Error('no bytes')
    chunks.push(chunk)
    length += chunk.length
    if (length > MAX_ANSWER_BYTES) throw new VaultFailure(`it answered with more than ${MAX_ANSWER_BYTES} bytes`, 0)
  }
  const body = Buffer.concat(chunks)
  for (const chunk of chunks) chunk.fill(0)
  try {
    if (body.length === 0) return new Map()
    const answer = readJsonBytes(body)
    if (isObject(answer)) return answer
    throw new Error('is no object')
  } catch (error) {
    const what = error instanceof Error ? error.message : 'cannot be read'
    throw new VaultFailure(`it answered with status ${response.statusCode} and something that ${what}`, 0)
  } finally {
    body.fill(0)
  }
}

/** What Vault's own `errors` say, in one short line. */
function refused(status: number, answer: JsonObject): VaultFailure {
  const errors = answer.get('errors')
  const said = Array.isArray(errors) ? errors.filter((error) => Buffer.isBuffer(error)).map(String) : []
  const short = said.join('; ').replaceAll(/\s+/g, ' ').slice(0, 300)
  return new VaultFailure(`it answered with status ${status}${short === '' ? '' : `: ${short}`}`, status)
}

function causeOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'unknown cause'
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name
  return `it cannot be reached: ${code}`
}
