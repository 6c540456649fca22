import { request as requestHttp } from 'node:http'
import type { IncomingMessage } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isLoopbackHost } from '@gatehouse/core'
import { readStrictJson } from './strict-json.ts'

/** The largest document an issuer may answer with, in bytes. Real key sets stay below 32 KiB. */
export const MAX_DOCUMENT_BYTES: number = 256 * 1024

/** How one document is fetched. */
export interface FetchRules {
  /** For everything from the name look-up to the last byte, in milliseconds. */
  readonly timeoutMilliseconds: number
  /** Plain `http://` to a loopback host. */
  readonly allowHttp: boolean
  /** Certificate authorities in PEM; null: the system's. */
  readonly ca: string | null
  /** Ends the fetch early. */
  readonly signal: AbortSignal
}

/** A form to send (`application/x-www-form-urlencoded`), and the `authorization` header that goes with it; null: none. */
export interface FormPost {
  readonly form: URLSearchParams
  readonly authorization: string | null
}

/** The issuer could not be reached, or answered with something that is of no use. */
export class FetchError extends Error {
  override readonly name = 'FetchError'
}

/**
 * Fetches one JSON document from an issuer. Follows no redirect, and asks for no compression, so that the byte limit
 * is the limit. `post`: what is sent; null: the document is asked for by GET.
 * @throws {FetchError} for whatever goes wrong; the message names the cause, for operators.
 */
export async function fetchJson(address: string, rules: FetchRules, post: FormPost | null = null): Promise<unknown> {
  const url = permittedUrl(address, rules.allowHttp)
  const signal = AbortSignal.any([rules.signal, AbortSignal.timeout(rules.timeoutMilliseconds)])
  try {
    const response = await send(url, rules.ca, signal, post)
    const bytes = await readBody(response, url)
    return parse(bytes, url, response.headers['content-type'])
  } catch (cause) {
    if (cause instanceof FetchError) throw cause
    if (signal.aborted && !rules.signal.aborted) {
      throw new FetchError(`${url.href} did not answer in ${rules.timeoutMilliseconds} ms`)
    }
    throw new FetchError(`${url.href} could not be fetched: ${causeOf(cause)}`)
  }
}

/** The address as a URL, if it may be fetched: `https`, or `http` on loopback where that is allowed. */
export function permittedUrl(address: string, allowHttp: boolean): URL {
  const url = URL.parse(address)
  if (url === null) throw new FetchError('the address is not a URL')
  if (url.username !== '' || url.password !== '') throw new FetchError(`the address at ${url.host} holds a credential`)
  if (url.protocol === 'https:') return url
  if (url.protocol === 'http:' && allowHttp && isLoopbackHost(url.hostname)) return url
  throw new FetchError(`${url.href} is not https`)
}

function send(url: URL, ca: string | null, signal: AbortSignal, post: FormPost | null): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  // A connection of its own each time: fetches are minutes apart.
  const body = post === null ? null : Buffer.from(post.form.toString())
  const headers = {
    accept: 'application/json',
    'accept-encoding': 'identity',
    ...(body === null ? {} : { 'content-type': 'application/x-www-form-urlencoded', 'content-length': body.length }),
    ...(post === null || post.authorization === null ? {} : { authorization: post.authorization }),
  }
  const options = { agent: false, signal, method: body === null ? 'GET' : 'POST', headers }
  const receive = (response: IncomingMessage): void => {
    // Heard also when nobody reads any more: an error without a listener would end the process.
    response.on('error', reject)
    resolve(response)
  }
  const request =
    url.protocol === 'https:'
      ? // Said outright, because an environment variable can turn the default off.
        requestHttps(url, { ...options, rejectUnauthorized: true, ...(ca === null ? {} : { ca }) }, receive)
      : requestHttp(url, options, receive)
  request.on('error', reject)
  request.end(body)
  return promise
}

async function readBody(response: IncomingMessage, url: URL): Promise<Buffer> {
  if (response.statusCode !== 200) {
    response.destroy()
    throw new FetchError(`${url.href} answered with status ${response.statusCode}`)
  }
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) throw new FetchError(`${url.href} answered with no bytes`)
    length += chunk.length
    // Leaving the loop by a throw destroys the stream.
    if (length > MAX_DOCUMENT_BYTES)
      throw new FetchError(`${url.href} answered with more than ${MAX_DOCUMENT_BYTES} bytes`)
    chunks.push(chunk)
  }
  if (!response.complete) throw new FetchError(`${url.href} broke off in the middle of its answer`)
  return Buffer.concat(chunks)
}

function parse(bytes: Buffer, url: URL, contentType: string | undefined): unknown {
  const reading = readStrictJson(bytes)
  if ('value' in reading) return reading.value
  if (reading.fault === 'not-json')
    throw new FetchError(`${url.href} answered with something that is not JSON (${contentType ?? 'no content type'})`)
  throw new FetchError(`${url.href} answered with JSON that can be read in two ways (${reading.fault})`)
}

function causeOf(cause: unknown): string {
  if (!(cause instanceof Error)) return 'unknown cause'
  const code = 'code' in cause && typeof cause.code === 'string' ? cause.code : cause.name
  return cause.message === '' ? code : `${code}: ${cause.message}`
}
