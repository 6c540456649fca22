import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { changesIn, sectionOf, withSection } from './changelog.ts'

const root = resolve(import.meta.dirname, '../..')

test('every changeset is in the section, told once, what is new before what is better', () => {
  const changes = changesIn(root)
  const section = sectionOf('Unreleased', changes)
  for (const { text } of changes) expect(section.split(text.split('\n')[0] ?? '').length).toBeGreaterThan(1)
  expect(section.match(/^### .*$/gm)).toEqual(['### New', '### Better'])
  expect(section.match(/^- \*\*/gm)?.length).toBe(changes.length)
})

test('a section comes before those that are there, below what the file says of itself', () => {
  const first = withSection('# Changelog\n\nIntroduction.\n', '## 0.1.0\n\nA.\n')
  expect(first).toBe('# Changelog\n\nIntroduction.\n\n## 0.1.0\n\nA.\n')
  expect(withSection(first, '## 0.2.0\n\nB.\n')).toBe(
    '# Changelog\n\nIntroduction.\n\n## 0.2.0\n\nB.\n\n## 0.1.0\n\nA.\n',
  )
})

test('chart, image and packages are of one version', () => {
  const read = (file: string): string => readFileSync(join(root, file), 'utf8')
  const { version } = JSON.parse(read('apps/cli/package.json')) as { readonly version: string }
  expect(read('deploy/image/Dockerfile')).toContain(`ARG VERSION=${version}\n`)
})
