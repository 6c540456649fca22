import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { CheckpointPublisher, fileSink, webhookSink } from './checkpoint-publisher.ts'
import { parseCheckpoint } from './checkpoint.ts'
import { appendRecords, TrailDirectory } from '../fixtures/trail-directory.ts'
import { makeKeyPair, readSigningKey, readVerifyingKeys } from './signing-key.ts'
import { verifyTrail } from '../verification/verify.ts'

it('keeps what a trail says of its head in a file and at an address, the last one when it is closed', async () => {
  using directory = new TrailDirectory()
  const elsewhere = mkdtempSync(join(tmpdir(), 'gatehouse-checkpoints-'))
  const received: { readonly body: string; readonly authorization: string | undefined }[] = []
  let answers = [503]
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => {
      response.writeHead(answers.shift() ?? 204).end()
      received.push({ body, authorization: request.headers.authorization })
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const failures: string[] = []
  const file = join(elsewhere, 'checkpoints.jsonl')
  const sinks = [fileSink(file), webhookSink(`http://127.0.0.1:${String(port)}/x`, 'a token')]
  const publisher = new CheckpointPublisher(sinks, 0.05, (sink, error) => failures.push(`${sink}: ${String(error)}`))
  const pair = makeKeyPair()
  try {
    const trail = await directory.open({ signing: readSigningKey(pair.privateKey), onCheckpoint: publisher.tell })
    appendRecords(trail, 5)
    await expect.poll(() => received.length).toBeGreaterThan(1)
    expect(failures).toEqual([expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+: Error: it answered 503$/)])
    await trail.close()
    answers = []
    await publisher.close()
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
    const last = parseCheckpoint(lines.at(-1) ?? '')
    expect(last?.checkpoint).toMatchObject({ closed: true, gateway: 'gateway-1' })
    expect(received.at(-1)).toEqual({ body: lines.at(-1), authorization: 'Bearer a token' })
    const checkpoints = lines.flatMap((line) => parseCheckpoint(line) ?? [])
    const keys = readVerifyingKeys([pair.publicKey])
    expect(await verifyTrail(directory.path, { keys, checkpoints })).toMatchObject({ firstBreak: null, warnings: [] })
  } finally {
    server.close()
    rmSync(elsewhere, { recursive: true })
  }
})

it('stops nothing where nothing can be kept, and does not wait for it for long', async () => {
  const failures: string[] = []
  const never = { name: 'never', keep: () => new Promise<void>(() => {}) }
  const broken = fileSink('/nowhere/at/all')
  const publisher = new CheckpointPublisher([never, broken], 0.01, (sink) => failures.push(sink))
  publisher.tell('{}')
  await expect.poll(() => failures.length).toBeGreaterThan(1)
  await publisher.close()
  expect(new Set(failures)).toEqual(new Set(['/nowhere/at/all']))
})
