import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startFlakyProxy } from '../../../../test/servers/flaky-proxy.ts'
import { type S3Server, startS3, whyNoS3 } from '../../../../test/servers/s3.ts'
import { appendRecords, TrailDirectory } from '../fixtures/trail-directory.ts'
import { makeKeyPair, readSigningKey, readVerifyingKeys } from '../seals/signing-key.ts'
import { parseCheckpoint } from '../seals/checkpoint.ts'
import { sealName } from '../seals/seal.ts'
import { listSegments } from '../chain/segment-names.ts'
import { readTrailId } from '../chain/trail-id.ts'
import { verifyTrail } from '../verification/verify.ts'
import { S3Destination } from './s3-destination.ts'
import { SegmentShipper } from './segment-shipper.ts'
import type { S3Place } from './shipping-places.ts'

const PATIENCE = { timeout: 20_000 }
const BUCKET = 'trail'
const KEYS = makeKeyPair()
/** More of it for a long look: `GATEHOUSE_TEST_LONG=1`. */
const LONG = process.env['GATEHOUSE_TEST_LONG'] === '1'

/** A trail of several sealed segments and a file of recordings, closed. */
async function writtenTrail(directory: TrailDirectory, records = 60) {
  const trail = await directory.open({ segmentBytes: 8_000, signing: readSigningKey(KEYS.privateKey) })
  writeFileSync(join(directory.path, '000001.recording'), Buffer.alloc(300_000, 'what a client saw'))
  appendRecords(trail, records)
  await trail.close()
  return { gateway: 'gateway-1', trail: readTrailId(directory.path) ?? '' }
}

/** The files that must be kept, as they are on the disk. */
function filesOf(directory: TrailDirectory): ReadonlyMap<string, Buffer> {
  const names = readdirSync(directory.path).filter((name) => /^\d{6}\.(jsonl|seal\.json|recording)$/.test(name))
  return new Map(names.map((name) => [name, readFileSync(join(directory.path, name))]))
}

describe.each(['plain', 'full'] as const)('S3-compatible storage (%s)', (kind) => {
  const absent = whyNoS3(kind)
  if (absent !== null) {
    it.skip(absent)
    return
  }
  let server: S3Server
  let client: S3Client
  let prefixes = 0
  beforeAll(async () => {
    server = await startS3(kind)
    client = server.client()
    await server.makeBucket(BUCKET)
  }, 60_000)
  afterAll(async () => {
    client.destroy()
    await server.stop()
  })

  /** A place of the bucket of a test's own. */
  function place(over: Partial<S3Place> = {}): S3Place {
    const { endpoint, accessKeyId, secretAccessKey } = server
    return {
      endpoint,
      region: 'us-east-1',
      bucket: BUCKET,
      prefix: `test-${String(++prefixes)}/`,
      pathStyle: true,
      credentials: { accessKeyId, secretAccessKey },
      objectLock: null,
      ...over,
    }
  }

  async function objectsBelow(prefix: string): Promise<ReadonlyMap<string, Buffer>> {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: prefix }))
    const objects = new Map<string, Buffer>()
    for (const { Key = '' } of Contents) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: BUCKET, Key }))
      objects.set(Key.slice(prefix.length), Buffer.from((await Body?.transformToByteArray()) ?? []))
    }
    return objects
  }

  /** Ships what is finished, and ends. */
  async function shipAll(directory: TrailDirectory, identity: { gateway: string; trail: string }, to: S3Place) {
    const destination = new S3Destination(to)
    const shipper = new SegmentShipper({ directory: directory.path, identity, notice: () => {} }, 0, destination)
    const running = shipper.run()
    shipper.finish()
    await running
    const progress = await shipper.progress()
    await destination.close()
    return progress
  }

  it('keeps every sealed segment, its seal and recordings, under their names; a downloaded copy verifies', async () => {
    using directory = new TrailDirectory()
    const identity = await writtenTrail(directory)
    const to = place()
    const { state, through } = await shipAll(directory, identity, to)
    const below = `${to.prefix}gateway-1/${identity.trail}/`
    const objects = await objectsBelow(below)
    expect(objects).toEqual(filesOf(directory))
    expect(state).toMatchObject({ lagBytes: 0, lagSeconds: 0, failure: null })
    const segments = [...objects.keys()].filter((name) => name.endsWith('.jsonl'))
    expect(segments.length).toBeGreaterThan(2)
    expect(through).toEqual({ segment: segments.length, recording: 1 })

    const copy = mkdtempSync(join(tmpdir(), 'gatehouse-copy-'))
    try {
      for (const [name, bytes] of objects) writeFileSync(join(copy, name), bytes)
      const report = await verifyTrail(copy, { keys: readVerifyingKeys([KEYS.publicKey]), copy: true })
      expect(report.firstBreak).toBeNull()
      expect(report.records).toBe((await verifyTrail(directory.path)).records)
      expect(report.proven).toBe(report.head?.seq)
      expect((await verifyTrail(copy)).firstBreak?.what).toBe('the checkpoint is missing')
      const second = join(copy, '000002.jsonl')
      writeFileSync(second, readFileSync(second, 'utf8').replace('select', 'SELECT'))
      expect((await verifyTrail(copy, { copy: true })).firstBreak?.segment).toBe(2)
    } finally {
      rmSync(copy, { recursive: true })
    }
  })

  it('keeps checkpoints: what is cut off the end of the trail later shows by them', async () => {
    using directory = new TrailDirectory()
    const identity = await writtenTrail(directory)
    const to = place()
    await shipAll(directory, identity, to)
    const kept = await objectsBelow(`${to.prefix}gateway-1/checkpoints/${identity.trail}/`)
    const checkpoints = [...kept.values()].flatMap((bytes) => parseCheckpoint(bytes.toString().trimEnd()) ?? [])
    expect([...kept.keys()]).toEqual([`${String(checkpoints[0]?.checkpoint.seq).padStart(16, '0')}.json`])
    const options = { keys: readVerifyingKeys([KEYS.publicKey]), checkpoints }
    expect((await verifyTrail(directory.path, options)).firstBreak).toBeNull()
    const last = listSegments(directory.path).at(-1) ?? 0
    for (const file of [directory.file(last), join(directory.path, sealName(last)), join(directory.path, 'head.json')])
      rmSync(file)
    expect((await verifyTrail(directory.path, { ...options, copy: true })).firstBreak?.what).toMatch(
      /the tail was cut off/,
    )
  })

  it('leaves what is there already, and sends nothing of it again', async () => {
    using directory = new TrailDirectory()
    const identity = await writtenTrail(directory)
    const proxy = await startFlakyProxy(server.endpoint, 1)
    try {
      const to = place({ endpoint: proxy.endpoint })
      await shipAll(directory, identity, to)
      const puts = (): number => proxy.requests.filter((one) => one.startsWith('PUT')).length
      expect(puts()).toBe(filesOf(directory).size + 1)
      await shipAll(directory, identity, to)
      const destination = new S3Destination(to)
      for (const name of filesOf(directory).keys()) await destination.keep(identity, directory.path, name)
      await destination.close()
      expect(puts()).toBe(filesOf(directory).size + 1)
    } finally {
      await proxy.close()
    }
  })

  it('an object with other bytes is an alarm and stays as it is; what comes behind it is kept', async () => {
    using directory = new TrailDirectory()
    const identity = await writtenTrail(directory)
    const to = place()
    const below = `${to.prefix}gateway-1/${identity.trail}/`
    // Of the same size: the length alone tells nothing.
    const other = Buffer.from(readFileSync(directory.file(2)))
    other[100] = other[100] === 48 ? 49 : 48
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: `${below}000002.jsonl`, Body: other.subarray(1) }))
    const destination = new S3Destination(to)
    const shipper = new SegmentShipper({ directory: directory.path, identity, notice: () => {} }, 0, destination)
    const running = shipper.run()
    await vi.waitFor(async () => {
      const { state, through } = await shipper.progress()
      expect(state.alarm).toBe('OBJECT_DIFFERS')
      expect(state.failure).toMatch(/000002\.jsonl holds other bytes .*it was not overwritten/)
      expect(through.segment).toBe(1)
    }, PATIENCE)
    const objects = await objectsBelow(below)
    expect(objects.get('000002.jsonl')).toEqual(other.subarray(1))
    expect(objects.size).toBe(filesOf(directory).size)
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key: `${below}000002.jsonl`, Body: other }))
    await expect(destination.keep(identity, directory.path, '000002.jsonl')).rejects.toThrow(/other bytes/)
    await client.send(
      new PutObjectCommand({ Bucket: BUCKET, Key: `${below}000002.jsonl`, Body: readFileSync(directory.file(2)) }),
    )
    shipper.finish()
    await running
    await destination.close()
  })

  it('an object of the same size that was there before does not pass for the file', async () => {
    using directory = new TrailDirectory()
    const identity = await writtenTrail(directory)
    const to = place()
    const other = Buffer.from(readFileSync(directory.file(2))).fill('x', 100, 200)
    const Key = `${to.prefix}gateway-1/${identity.trail}/000002.jsonl`
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: other }))
    const destination = new S3Destination(to)
    const shipper = new SegmentShipper({ directory: directory.path, identity, notice: () => {} }, 0, destination)
    const running = shipper.run()
    await vi.waitFor(async () => {
      const { state, through } = await shipper.progress()
      expect(state.alarm).toBe('OBJECT_DIFFERS')
      expect(through.segment).toBe(1)
    }, PATIENCE)
    await client.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body: readFileSync(directory.file(2)) }))
    shipper.finish()
    await running
    expect((await shipper.progress()).state).toMatchObject({ lagBytes: 0, failure: null })
    await destination.close()
  })

  it.each(LONG ? [1, 2, 3, 4, 5, 6, 7, 8] : [4711])(
    'failing at random (seed %i) it gets everything, whole, once',
    async (seed) => {
      using directory = new TrailDirectory()
      const identity = await writtenTrail(directory, LONG ? 2_000 : 80)
      const proxy = await startFlakyProxy(server.endpoint, seed)
      try {
        proxy.rate = 0.3
        const to = place({ endpoint: proxy.endpoint })
        const destination = new S3Destination(to)
        const shipper = new SegmentShipper({ directory: directory.path, identity, notice: () => {} }, 0, destination)
        const running = shipper.run()
        // With no time left the waits between tries are short.
        shipper.finish()
        await running
        const { state } = await shipper.progress()
        expect(state).toMatchObject({ lagBytes: 0, failure: null })
        expect(state.failures).toBeGreaterThan(0)
        expect(await objectsBelow(`${to.prefix}gateway-1/${identity.trail}/`)).toEqual(filesOf(directory))
        await destination.close()
      } finally {
        await proxy.close()
      }
    },
    LONG ? 600_000 : 60_000,
  )

  it('that answers nothing, or has no such bucket, is an error in words, without the key', async () => {
    using directory = new TrailDirectory()
    const identity = await writtenTrail(directory, 5)
    for (const over of [
      { endpoint: 'http://127.0.0.1:9' },
      { bucket: 'no-such-bucket' },
      { credentials: { accessKeyId: 'nobody', secretAccessKey: server.secretAccessKey } },
    ]) {
      if (kind === 'plain' && 'credentials' in over) continue
      const destination = new S3Destination(place(over))
      const error: unknown = await destination.kept(identity).catch((thrown: unknown) => thrown)
      await destination.close()
      expect(error).toBeInstanceOf(Error)
      expect(`${String(error)} ${JSON.stringify(error)}`).not.toContain(
        server.secretAccessKey === 'S3RVER' ? 'Credential=' : server.secretAccessKey,
      )
    }
  })

  if (kind === 'plain') return

  it('two that keep the same file at once keep it once', async () => {
    using directory = new TrailDirectory()
    const identity = await writtenTrail(directory, 20)
    const to = place()
    const both = [new S3Destination(to), new S3Destination(to)]
    await Promise.all(both.map((one) => one.keep(identity, directory.path, '000001.recording')))
    for (const one of both) await one.close()
    const { Versions = [] } = await client.send(new ListObjectVersionsCommand({ Bucket: BUCKET, Prefix: to.prefix }))
    expect(Versions).toHaveLength(1)
  })

  it.each(['governance', 'compliance'] as const)('Object Lock (%s) holds an object for so many days', async (mode) => {
    using directory = new TrailDirectory()
    const identity = await writtenTrail(directory, 5)
    const to = place({ objectLock: { mode, days: 3 } })
    const before = Date.now()
    await shipAll(directory, identity, to)
    const Key = `${to.prefix}gateway-1/${identity.trail}/000001.jsonl`
    const head = await client.send(new HeadObjectCommand({ Bucket: BUCKET, Key }))
    expect(head.ObjectLockMode).toBe(mode.toUpperCase())
    const until = head.ObjectLockRetainUntilDate?.getTime() ?? 0
    expect(Math.abs(until - before - 3 * 86_400_000)).toBeLessThan(120_000)
    await expect(
      client.send(new DeleteObjectCommand({ Bucket: BUCKET, Key, VersionId: head.VersionId })),
    ).rejects.toThrow()
    expect((await objectsBelow(`${to.prefix}gateway-1/${identity.trail}/`)).size).toBe(filesOf(directory).size)
  })
})
