import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  GetObjectCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3'
import { type SegmentDestination, ShippingAlarm, type TrailIdentity } from './destination.ts'
import type { S3Place } from './shipping-places.ts'

const CONNECT_MILLISECONDS = 10_000
/** So long a connection may be silent. */
const SILENCE_MILLISECONDS = 60_000
const DAY_MILLISECONDS = 86_400_000

const silent = (): void => {}
const SILENT = { trace: silent, debug: silent, info: silent, warn: silent, error: silent }

/** What a file or an object holds: its size in bytes, its SHA-256. */
interface Content {
  readonly bytes: number
  readonly sha256: Buffer
}

/**
 * Keeps files as objects `<prefix><gateway>/<trail>/<file>`, each sent in one request with its SHA-256. An object is never overwritten. Memory does not grow with
 * the file: it is read twice, first for its sum.
 */
export class S3Destination implements SegmentDestination {
  readonly name: string
  readonly #place: S3Place
  readonly #client: S3Client
  /** The server refused `If-None-Match`: it is not sent again. */
  #unconditional = false

  constructor(place: S3Place) {
    const { endpoint, region, pathStyle, credentials, bucket } = place
    this.name = `s3 ${bucket}`
    this.#place = place
    this.#client = new S3Client({
      region,
      forcePathStyle: pathStyle,
      ...(endpoint === null ? {} : { endpoint }),
      ...(credentials === null ? {} : { credentials }),
      // Whoever calls tries again; a stream cannot be sent twice.
      maxAttempts: 1,
      // Errors are thrown; without a log it would print some of them besides.
      logger: SILENT,
      requestHandler: {
        connectionTimeout: CONNECT_MILLISECONDS,
        socketTimeout: SILENCE_MILLISECONDS,
      },
    })
    signContent(this.#client)
  }

  async kept(of: TrailIdentity): Promise<ReadonlyMap<string, number>> {
    const found = new Map<string, number>()
    const prefix = this.#key(of, '')
    const pages = paginateListObjectsV2({ client: this.#client }, { Bucket: this.#place.bucket, Prefix: prefix })
    for await (const { Contents = [] } of pages)
      for (const { Key = '', Size = 0 } of Contents) found.set(Key.slice(prefix.length), Size)
    return found
  }

  async keep(of: TrailIdentity, directory: string, file: string): Promise<void> {
    const path = join(directory, file)
    const key = this.#key(of, file)
    const content = await contentOf(createReadStream(path))
    const there = await this.#head(key)
    if (there === null && (await this.#putFile(key, path, content))) return
    const found = await this.#content(key)
    if (found.bytes !== content.bytes || !found.sha256.equals(content.sha256))
      throw new ShippingAlarm(
        'OBJECT_DIFFERS',
        `${this.#place.bucket}/${key} holds other bytes (${found.bytes}, SHA-256 ${found.sha256.toString('hex')}) than ${path} (${content.bytes}, ${content.sha256.toString('hex')}); it was not overwritten`,
      )
  }

  /** As an object `<prefix><gateway>/checkpoints/<trail>/<number of the record, 16 digits>.json`. */
  async keepCheckpoint({ gateway, trail }: TrailIdentity, seq: number, line: string): Promise<void> {
    const key = `${this.#place.prefix}${gateway}/checkpoints/${trail}/${String(seq).padStart(16, '0')}.json`
    if ((await this.#head(key)) !== null) return
    const body = Buffer.from(`${line}\n`)
    await this.#put(key, body, { bytes: body.length, sha256: createHash('sha256').update(body).digest() })
  }

  close(): Promise<void> {
    this.#client.destroy()
    return Promise.resolve()
  }

  #key({ gateway, trail }: TrailIdentity, file: string): string {
    return `${this.#place.prefix}${gateway}/${trail}/${file}`
  }

  async #putFile(key: string, path: string, content: Content): Promise<boolean> {
    const body = createReadStream(path)
    try {
      return await this.#put(key, body, content)
    } finally {
      body.destroy()
    }
  }

  /** True when it is there and the server vouches for its sum; false: it has yet to be looked at. */
  async #put(key: string, body: Buffer | Readable, { bytes, sha256 }: Content): Promise<boolean> {
    const { bucket, objectLock } = this.#place
    const sum = sha256.toString('base64')
    const input: PutObjectCommandInput = {
      Bucket: bucket,
      Key: key,
      Body: body,
      ContentLength: bytes,
      ChecksumAlgorithm: 'SHA256',
      ChecksumSHA256: sum,
      ...(this.#unconditional ? {} : { IfNoneMatch: '*' }),
      ...(objectLock === null
        ? {}
        : {
            ObjectLockMode: objectLock.mode === 'governance' ? 'GOVERNANCE' : 'COMPLIANCE',
            ObjectLockRetainUntilDate: new Date(Date.now() + objectLock.days * DAY_MILLISECONDS),
          }),
    }
    try {
      const { ChecksumSHA256 } = await this.#client.send(new PutObjectCommand(input))
      return ChecksumSHA256 === sum
    } catch (error) {
      const status = statusOf(error)
      // Somebody, or a try of ours whose answer was lost, was quicker.
      if (status === 412) return false
      if (status === 501) this.#unconditional = true
      throw error
    }
  }

  /** Null: there is no such object. */
  async #head(key: string): Promise<{ readonly bytes: number; readonly sha256: Buffer | null } | null> {
    try {
      const { ContentLength = 0, ChecksumSHA256 } = await this.#client.send(
        new HeadObjectCommand({ Bucket: this.#place.bucket, Key: key, ChecksumMode: 'ENABLED' }),
      )
      // A sum of parts (`…-3`) is not one of the bytes.
      const whole = ChecksumSHA256 !== undefined && !ChecksumSHA256.includes('-')
      return { bytes: ContentLength, sha256: whole ? Buffer.from(ChecksumSHA256, 'base64') : null }
    } catch (error) {
      if (statusOf(error) === 404) return null
      throw error
    }
  }

  /** What an object holds: by the server's sum, or, where it keeps none, read back. */
  async #content(key: string): Promise<Content> {
    const head = await this.#head(key)
    if (head === null) throw new Error(`${key} is not there right after it was kept`)
    const { bytes, sha256 } = head
    if (sha256 !== null) return { bytes, sha256 }
    const { Body } = await this.#client.send(new GetObjectCommand({ Bucket: this.#place.bucket, Key: key }))
    if (!(Body instanceof Readable)) throw new Error(`${key} has no body`)
    return contentOf(Body)
  }
}

async function contentOf(stream: Readable): Promise<Content> {
  const sum = createHash('sha256')
  let bytes = 0
  await pipeline(stream, async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      sum.update(chunk)
      bytes += chunk.length
    }
  })
  return { bytes, sha256: sum.digest() }
}

/** The sum of what is sent is part of what is signed, so that a server without checksums of objects checks it too. */
function signContent(client: S3Client): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const { input, request } = args as { readonly input: object; readonly request: unknown }
      if ('ChecksumSHA256' in input && typeof input.ChecksumSHA256 === 'string' && hasHeaders(request))
        request.headers['x-amz-content-sha256'] = Buffer.from(input.ChecksumSHA256, 'base64').toString('hex')
      return next(args)
    },
    { step: 'build', name: 'signContent' },
  )
}

function hasHeaders(request: unknown): request is { readonly headers: Record<string, string> } {
  return typeof request === 'object' && request !== null && 'headers' in request
}

function statusOf(error: unknown): number | undefined {
  return error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined
}
