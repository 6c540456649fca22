import { generateKeyPairSync } from 'node:crypto'
import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkpointLine, type FoundCheckpoint, parseCheckpoint } from '../seals/checkpoint.ts'
import { appendRecords, TrailDirectory } from '../fixtures/trail-directory.ts'
import { readSeal, sealName, writeSeal } from '../seals/seal.ts'
import { segmentName } from '../chain/segment-names.ts'
import { type KeyPair, makeKeyPair, readSigningKey, readVerifyingKeys } from '../seals/signing-key.ts'
import { type VerifyOptions, type VerifyReport, verifyTrail } from './verify.ts'

const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString()
const pair: KeyPair = makeKeyPair()
const other: KeyPair = makeKeyPair()
const signing = readSigningKey(pair.privateKey)
const keys = readVerifyingKeys([pair.publicKey])
const bothKeys = readVerifyingKeys([pair.publicKey, other.publicKey])

const checkpoint = (line: string): FoundCheckpoint => {
  const found = parseCheckpoint(line)
  if (found === null) throw new Error(line)
  return found
}

/** A sealed trail of several segments, and what it told of its heads while it was written. */
let original: TrailDirectory
const published: FoundCheckpoint[] = []
/** The same trail at an earlier time. */
let earlier: string

const options = {
  segmentBytes: 2_000,
  signing,
  onCheckpoint: (line: string) => published.push(checkpoint(line)),
}

beforeAll(async () => {
  original = new TrailDirectory()
  const first = await original.open(options)
  appendRecords(first, 20)
  await first.close()
  earlier = mkdtempSync(join(tmpdir(), 'gatehouse-trail-earlier-'))
  cpSync(original.path, earlier, { recursive: true })
  const second = await original.open(options)
  appendRecords(second, 20)
  await second.close()
})
afterAll(() => {
  original[Symbol.dispose]()
  rmSync(earlier, { recursive: true })
})

/** Verifies a copy of the trail that was damaged. */
async function after(
  damage: (directory: string) => void | Promise<void>,
  more: VerifyOptions = {},
): Promise<VerifyReport> {
  const copy = mkdtempSync(join(tmpdir(), 'gatehouse-trail-copy-'))
  try {
    cpSync(original.path, copy, { recursive: true })
    await damage(copy)
    return await verifyTrail(copy, { keys, ...more })
  } finally {
    rmSync(copy, { recursive: true })
  }
}

const segmentsOf = (directory: string): number[] =>
  readdirSync(directory).flatMap((file) => (/^[0-9]+\.jsonl$/.test(file) ? [Number.parseInt(file, 10)] : []))

const edit = (path: string, change: (text: string) => string): void => {
  writeFileSync(path, change(readFileSync(path, 'utf8')))
}

describe('a sealed trail', () => {
  it('verifies by the public key alone, to its last record', async () => {
    const report = await after(() => {}, { checkpoints: published })
    expect(report).toMatchObject({ firstBreak: null, warnings: [] })
    expect(report.proven).toBe(report.records)
    expect(report.segments).toBeGreaterThan(4)
    // Its private half does as well, and another key does not.
    expect(await after(() => {}, { keys: readVerifyingKeys([pair.privateKey]) })).toMatchObject({ firstBreak: null })
    const wrong = await after(() => {}, { keys: readVerifyingKeys([other.publicKey]) })
    expect(wrong.firstBreak?.what).toMatch(/signed with the key [0-9a-f]{16}, which is none of those given/)
  })

  it.each<[string, (directory: string) => void | Promise<void>, RegExp]>([
    [
      'a byte was changed',
      (at) => edit(join(at, segmentName(2)), (text) => text.replace('select', 'SELECT')),
      /changed/,
    ],
    ['a seal is gone', (at) => rmSync(join(at, sealName(2))), /000002\.seal\.json is missing/],
    [
      'a seal was changed',
      (at) => edit(join(at, sealName(2)), (text) => text.replace('"closed":true', '"closed":false')),
      /signature is not that/,
    ],
    ['a seal is none', (at) => writeFileSync(join(at, sealName(2)), '{}\n'), /no seal/],
    [
      'two seals were swapped',
      (at) => {
        renameSync(join(at, sealName(2)), join(at, 'x'))
        renameSync(join(at, sealName(3)), join(at, sealName(2)))
        renameSync(join(at, 'x'), join(at, sealName(3)))
      },
      /is for records/,
    ],
    [
      'two segments were swapped',
      (at) => {
        renameSync(join(at, segmentName(2)), join(at, 'x'))
        renameSync(join(at, segmentName(3)), join(at, segmentName(2)))
        renameSync(join(at, 'x'), join(at, segmentName(3)))
      },
      /must be here|does not follow/,
    ],
    ['a segment was dropped', (at) => rmSync(join(at, segmentName(2))), /000002\.jsonl is missing/],
    [
      'the last segment was dropped',
      (at) => rmSync(join(at, segmentName(Math.max(...segmentsOf(at))))),
      /seal for .* which is missing/,
    ],
    [
      'the last segment was dropped with its seal',
      (at) => {
        const last = Math.max(...segmentsOf(at))
        rmSync(join(at, segmentName(last)))
        rmSync(join(at, sealName(last)))
      },
      /tail was cut off/,
    ],
    ['the checkpoint is gone', (at) => rmSync(join(at, 'head.json')), /checkpoint is missing/],
    [
      'the checkpoint is not signed',
      (at) => edit(join(at, 'head.json'), (text) => text.replace(/,"gateway".*\}/, '}')),
      /it is not signed/,
    ],
    [
      'a seal is signed by another key',
      async (at) => {
        const found = readSeal(at, 2)
        if (found === null || found === 'unreadable') throw new Error('no seal')
        await writeSeal(at, found.seal, readSigningKey(other.privateKey))
      },
      /which is none of those given/,
    ],
    [
      'a checkpoint was passed off as a seal',
      (at) => {
        writeFileSync(join(at, sealName(2)), readFileSync(join(at, 'head.json')))
      },
      /no seal|signature/,
    ],
  ])('is found broken where %s', async (_, damage, wanted) => {
    expect((await after(damage)).firstBreak?.what).toMatch(wanted)
  })

  it('written anew without the key, or with another, does not pass', async () => {
    const anew = async (at: string, key: KeyPair | null): Promise<void> => {
      rmSync(at, { recursive: true })
      using forged = new TrailDirectory()
      const trail = await forged.open(key === null ? {} : { signing: readSigningKey(key.privateKey) })
      appendRecords(trail, 40)
      await trail.close()
      cpSync(forged.path, at, { recursive: true })
    }
    expect((await after((at) => anew(at, null))).firstBreak?.what).toMatch(/not signed|missing/)
    expect((await after((at) => anew(at, other))).firstBreak?.what).toMatch(/none of those given/)
  })

  it('put back to an older copy is found by a checkpoint that was kept elsewhere, and by that alone', async () => {
    const rollBack = (at: string): void => {
      rmSync(at, { recursive: true })
      cpSync(earlier, at, { recursive: true })
    }
    expect((await after(rollBack)).firstBreak).toBe(null)
    expect((await after(rollBack, { checkpoints: published })).firstBreak?.what).toMatch(/kept elsewhere names record/)
  })

  it('takes no checkpoint that nobody has signed', async () => {
    const unsigned = { seq: 5, hash: 'f'.repeat(64), segment: 1, closed: false, gateway: null }
    const lines = [null, readSigningKey(other.privateKey)].map((key) => checkpoint(checkpointLine(unsigned, 0, key)))
    const report = await after(() => {}, { checkpoints: lines })
    expect(report.firstBreak).toBe(null)
    expect(report.warnings.join('\n')).toMatch(/not signed[\s\S]*none of those given[\s\S]*none of the checkpoints/)
    const contradicts = checkpoint(checkpointLine({ ...unsigned }, 0, signing))
    expect((await after(() => {}, { checkpoints: [contradicts] })).firstBreak?.what).toMatch(/names another hash/)
  })
})

it('a key may be replaced: each segment is sealed by the key that its first record names', async () => {
  using directory = new TrailDirectory()
  for (const key of [pair, other]) {
    const trail = await directory.open({ signing: readSigningKey(key.privateKey) })
    appendRecords(trail, 3)
    await trail.close()
  }
  expect(JSON.parse(directory.lines(2)[0] ?? '')).toMatchObject({ trail: { key: other.id } })
  expect(await verifyTrail(directory.path, { keys: bothKeys })).toMatchObject({ firstBreak: null, warnings: [] })
  expect((await verifyTrail(directory.path, { keys })).firstBreak?.what).toMatch(/none of those given/)
})

it('a trail that got its key later verifies from there on', async () => {
  using directory = new TrailDirectory()
  for (const key of [null, signing]) {
    const trail = await directory.open({ signing: key })
    appendRecords(trail, 3)
    await trail.close()
  }
  expect((await verifyTrail(directory.path, { keys })).firstBreak?.what).toMatch(/000001\.seal\.json is missing/)
  expect(await verifyTrail(directory.path, { keys, unsignedUntil: 1 })).toMatchObject({
    firstBreak: null,
    warnings: [],
  })
})

it('a trail that is being written verifies, though its newest segments are not sealed yet', async () => {
  using directory = new TrailDirectory()
  const trail = await directory.open({ signing, segmentBytes: 1_000 })
  appendRecords(trail, 20)
  // As a crash leaves it: what was begun is there, what was to be sealed is not.
  const now = await verifyTrail(directory.path, { keys })
  expect(now.firstBreak).toBe(null)
  expect(now.proven).toBeLessThan(now.records)
  await expect
    .poll(async () => (await verifyTrail(directory.path, { keys })).proven, { interval: 200 })
    .toBeGreaterThan(15)
  await trail.close()
  // Closed properly it has no excuse.
  const last = Math.max(...segmentsOf(directory.path))
  rmSync(join(directory.path, sealName(last)))
  expect((await verifyTrail(directory.path, { keys })).firstBreak?.what).toMatch(/seal\.json is missing/)
})

it('what was not sealed for a crash is sealed by the next start', async () => {
  using directory = new TrailDirectory()
  const trail = await directory.open({ signing, segmentBytes: 1_000 })
  appendRecords(trail, 12)
  await trail.close()
  const seals = readdirSync(directory.path).filter((file) => file.endsWith('.seal.json'))
  expect(seals.length).toBeGreaterThan(2)
  for (const seal of seals.slice(1)) rmSync(join(directory.path, seal))
  const again = await directory.open({ signing })
  await again.close()
  expect(await verifyTrail(directory.path, { keys })).toMatchObject({ firstBreak: null, warnings: [] })
})

describe('a signing key', () => {
  it.each([
    ['nothing', '', /not a private key/],
    ['a public one', pair.publicKey, /not a private key/],
    ['one of another kind', RSA, /kind rsa, and Ed25519 is wanted/],
  ])('cannot be %s', (_, pem, wanted) => {
    expect(() => readSigningKey(pem)).toThrow(wanted)
  })

  it('never shows itself', () => {
    expect(JSON.stringify(signing)).not.toContain(pair.privateKey.split('\n')[1])
    expect(Object.keys(signing)).toEqual(['id', 'sign'])
  })
})
