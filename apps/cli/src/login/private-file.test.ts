import { chmodSync, linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { renameSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { readPrivately, stateFolder, writePrivately } from './private-file.ts'

let home: string
let folder: string
let file: string

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'gatehouse-private-'))
  folder = join(home, 'gatehouse')
  file = join(folder, 'login.json')
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

test('what is written is read again, and is for its owner alone', () => {
  expect(readPrivately(file)).toBe(null)
  writePrivately(file, 'one')
  writePrivately(file, 'two')
  expect(readPrivately(file)).toBe('two')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  expect(readdirSync(folder)).toEqual(['login.json'])
})

describe('what another could have put there, or reads, is not used', () => {
  beforeEach(() => writePrivately(file, 'token'))

  test.each<[string, () => void, RegExp]>([
    ['a file that others may read', () => chmodSync(file, 0o644), /may be read by others/],
    ['a folder that others may write', () => chmodSync(folder, 0o770), /may be written by others/],
    [
      'a symbolic link',
      () => {
        renameSync(file, join(home, 'elsewhere'))
        symlinkSync(join(home, 'elsewhere'), file)
      },
      /is a symbolic link/,
    ],
    [
      'a folder behind a symbolic link',
      () => {
        renameSync(folder, join(home, 'moved'))
        symlinkSync(join(home, 'moved'), folder)
      },
      /symbolic link/,
    ],
    ['a file with a second name', () => linkSync(file, join(home, 'second')), /has another name too/],
    [
      'a folder of that name',
      () => {
        rmSync(file)
        mkdirSync(file, { mode: 0o700 })
      },
      /is no ordinary file/,
    ],
  ])('%s', (_, spoil, why) => {
    spoil()
    expect(() => readPrivately(file)).toThrow(why)
    expect(() => readPrivately(file)).not.toThrow(/token/)
  })

  test('nor is it written through: a link is replaced, what it leads to stays', () => {
    const elsewhere = join(home, 'elsewhere')
    writeFileSync(elsewhere, 'theirs')
    rmSync(file)
    symlinkSync(elsewhere, file)
    writePrivately(file, 'ours')
    expect(readFileSync(elsewhere, 'utf8')).toBe('theirs')
    expect(readPrivately(file)).toBe('ours')
    chmodSync(folder, 0o777)
    expect(() => writePrivately(file, 'more')).toThrow(/may be written by others/)
  })
})

test('the folder is that of the XDG specification; a path that is not absolute counts as none', () => {
  expect(stateFolder({ XDG_STATE_HOME: '/state' })).toBe('/state/gatehouse')
  for (const given of [undefined, '', 'state'])
    expect(stateFolder({ XDG_STATE_HOME: given })).toMatch(/\/\.local\/state\/gatehouse$/)
})
