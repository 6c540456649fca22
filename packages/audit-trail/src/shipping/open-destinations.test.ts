import { expect, it } from 'vitest'
import { openDestinations } from './open-destinations.ts'

const NOWHERE = { postgres: null, s3: null, webhooks: [], syslog: [] }

it('two webhooks at one host have names of their own, for what was delivered is kept under them; no name shows a path', async () => {
  const webhooks = [
    'https://a.example.com/one-secret',
    'https://a.example.com/two-secret',
    'https://b.example.com/three',
  ].map((url) => ({ url, token: null }))
  const { records } = await openDestinations({ ...NOWHERE, webhooks })
  const names = records.map(({ name }) => name)
  expect(new Set(names).size).toBe(3)
  expect(names[2]).toBe('webhook b.example.com')
  expect(names.join()).not.toMatch(/secret|three/)
})

it('nowhere is nothing', async () => {
  expect(await openDestinations(NOWHERE)).toEqual({ records: [], segments: [] })
})
