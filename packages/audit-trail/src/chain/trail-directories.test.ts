import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { trailDirectories } from './trail-directories.ts'

describe('The trails in a directory', () => {
  let folder: string
  const make = (...names: string[]): void => names.forEach((name) => mkdirSync(join(folder, name)))
  const found = (): readonly string[] => trailDirectories(folder).map((trail) => trail.slice(folder.length))
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'gatehouse-trails-'))
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  test('are the directory itself where there are no workers, also when it is empty or not there', () => {
    expect(found()).toEqual([''])
    expect(trailDirectories(join(folder, 'nowhere'))).toEqual([join(folder, 'nowhere')])
  })

  test('are those of the workers, in the order of their numbers', () => {
    make('worker-10', 'worker-2', 'worker-1')
    expect(found()).toEqual(['/worker-1', '/worker-2', '/worker-10'])
  })

  test('are both where one process wrote before there were workers', () => {
    make('worker-1')
    writeFileSync(join(folder, '000001.jsonl'), '')
    expect(found()).toEqual(['', '/worker-1'])
  })

  test('are nothing that is only called alike', () => {
    make('worker-0', 'worker-1.old', 'worker-x', 'recordings')
    writeFileSync(join(folder, 'worker-3'), 'a file')
    expect(found()).toEqual([''])
  })
})
