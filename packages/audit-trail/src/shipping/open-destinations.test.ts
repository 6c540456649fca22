import { once } from 'node:events'
import { createServer } from 'node:http'
import { expect, it } from 'vitest'
import { SAMPLE_TRAIL, shippedIntents } from '../siem/fixtures/sample-records.ts'
import { openDestinations } from './open-destinations.ts'

const NOWHERE = { postgres: null, s3: null, webhooks: [], syslog: [] }

it('two webhooks at one host have names of their own, for what was delivered is kept under them; no name shows a path', async () => {
  const webhooks = [
    'https://a.example.com/one-secret',
    'https://a.example.com/two-secret',
    'https://b.example.com/three',
  ].map((url) => ({ url, token: null }))
  const { records } = await openDestinations({ ...NOWHERE, webhooks }, () => undefined)
  const names = records.map(({ name }) => name)
  expect(new Set(names).size).toBe(3)
  expect(names[2]).toBe('webhook b.example.com')
  expect(names.join()).not.toMatch(/secret|three/)
})

it('nowhere is nothing', async () => {
  expect(await openDestinations(NOWHERE, () => undefined)).toEqual({ records: [], segments: [] })
})

it('an event that a collector refuses for good is told to whoever looks after the shipping', async () => {
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => void response.writeHead(body.includes('poison') ? 400 : 204).end())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const host = `127.0.0.1:${String(typeof address === 'object' ? address?.port : '')}`
  const notices: string[] = []
  const webhooks = [{ url: `http://${host}/`, token: null }]
  const { records } = await openDestinations({ ...NOWHERE, webhooks }, (message) => notices.push(message))
  await records[0]?.deliver(SAMPLE_TRAIL, [...shippedIntents(1, 3), ...shippedIntents(4, 1, 'poison')])
  expect(notices).toEqual([
    `webhook ${host} refused gateway-1/0123456789abcdef/4 with 400: it was told so in its place`,
  ])
  server.closeAllConnections()
  server.close()
})
