import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { gatewayJsonSchema } from './published-schema.ts'
import { settingsTable } from '@gatehouse/configuration'

const UPDATE = 'run `node apps/gateway/src/config/write-published-schema.ts` to bring it up to date'

describe('what is published about the configuration', () => {
  test('the JSON Schema is the one the gateway reads by', () => {
    const published: unknown = JSON.parse(read('../../config.schema.json'))
    expect(published, UPDATE).toEqual(gatewayJsonSchema())
  })

  test('the manual lists every setting, with its default', () => {
    expect(read('../../../../docs/configuration.md'), UPDATE).toContain(settingsTable(gatewayJsonSchema()))
  })

  test('every setting has a description', () => {
    for (const row of settingsTable(gatewayJsonSchema()).split('\n').slice(2)) {
      expect(row).toMatch(/^\| `[^`]+` \| .+ \| .+ \| .+ \|$/)
    }
  })
})

function read(path: string): string {
  return readFileSync(new URL(path, import.meta.url), 'utf8')
}
