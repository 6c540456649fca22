import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A visible change, as its author tells it. */
export interface Change {
  /** The biggest step it asks for. */
  readonly step: 'major' | 'minor' | 'patch'
  /** The packages it is in, without the name of the house. */
  readonly packages: readonly string[]
  /** For the user, in Markdown. */
  readonly text: string
}

const HEADINGS = { major: 'Changes that break', minor: 'New', patch: 'Better' } as const

/** The changes that no version has yet: `.changeset/*.md`, in the order of their names. Throws for a file that is none. */
export function changesIn(root: string): readonly Change[] {
  const folder = join(root, '.changeset')
  return readdirSync(folder)
    .filter((name) => name.endsWith('.md') && name !== 'README.md')
    .toSorted()
    .map((name) => readChange(name, readFileSync(join(folder, name), 'utf8')))
}

/** One section of CHANGELOG.md: what is new first within its kind; `title` is a version with its day, or `Unreleased`. */
export function sectionOf(title: string, changes: readonly Change[]): string {
  const parts = (['major', 'minor', 'patch'] as const).flatMap((step) => {
    const ones = changes.filter((change) => change.step === step)
    if (ones.length === 0) return []
    const lines = ones.map(({ packages, text }) => `- **${packages.join(', ')}**: ${text.replaceAll('\n', '\n  ')}`)
    return [`### ${HEADINGS[step]}\n\n${lines.join('\n')}\n`]
  })
  return `## ${title}\n\n${parts.length === 0 ? 'Nothing that users see.\n' : parts.join('\n')}`
}

/** The text of CHANGELOG.md with a section before those it has. */
export function withSection(changelog: string, section: string): string {
  const at = changelog.search(/^## /m)
  return at === -1
    ? `${changelog.trimEnd()}\n\n${section}`
    : `${changelog.slice(0, at)}${section}\n${changelog.slice(at)}`
}

function readChange(name: string, file: string): Change {
  const { head = '', text = '' } = /^---\n(?<head>[\s\S]*?)\n---\n(?<text>[\s\S]*)$/.exec(file)?.groups ?? {}
  const named = [...head.matchAll(/^['"]?@gatehouse\/(?<name>[\w-]+)['"]?: (?<step>major|minor|patch)$/gm)]
  const steps = named.map((one) => one.groups?.['step'])
  const step = (['major', 'minor', 'patch'] as const).find((one) => steps.includes(one))
  if (step === undefined || text.trim() === '')
    throw new Error(`.changeset/${name} names no package of ours, or says nothing`)
  return { step, packages: named.map((one) => one.groups?.['name'] ?? ''), text: text.trim() }
}
