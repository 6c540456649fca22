import { globSync } from 'node:fs'
import { join } from 'node:path'

/** A part of the site's contents: its heading, and its pages in the order in which one reads them, from the repository's folder. */
export interface Section {
  readonly title: string
  readonly pages: readonly string[]
}

/** The pages in the order in which one reads them. Of `docs/`, what is not here comes last, under a heading of its own. */
const ORDERED: readonly Section[] = [
  { title: 'First hour', pages: ['README.md', 'docs/getting-started.md', 'docs/concepts.md', 'GLOSSARY.md'] },
  {
    title: 'Policy',
    pages: [
      'docs/policy.md',
      'docs/cookbook.md',
      'docs/ci-cd.md',
      'docs/masking.md',
      'docs/masks.md',
      'docs/classify.md',
    ],
  },
  { title: 'Deciding', pages: ['docs/approvals.md', 'docs/channels.md'] },
  {
    title: 'Developers and agents',
    pages: [
      'docs/agents.md',
      'docs/drivers.md',
      'docs/tools.md',
      'docs/mysql.md',
      'docs/errors.md',
      'docs/transparency.md',
    ],
  },
  {
    title: 'Identity and credentials',
    pages: [
      'docs/identity.md',
      'docs/session-credentials.md',
      'docs/tls.md',
      'docs/upstream-credentials.md',
      'docs/cloud-credentials.md',
    ],
  },
  {
    title: 'Running it',
    pages: [
      'docs/operations.md',
      'docs/capacity.md',
      'docs/workers.md',
      'docs/reload.md',
      'docs/configuration.md',
      'docs/admin.md',
      'docs/coordination.md',
      'docs/monitoring.md',
      'docs/tracing.md',
      'deploy/README.md',
      'deploy/helm/README.md',
      'deploy/compose/README.md',
      'deploy/terraform/README.md',
      'bench/README.md',
    ],
  },
  {
    title: 'Audit and security',
    pages: [
      'docs/compliance.md',
      'SECURITY.md',
      'docs/threat-model.md',
      'docs/audit-format.md',
      'docs/search.md',
      'docs/replay.md',
      'docs/recording.md',
      'docs/retention.md',
      'docs/shipping.md',
      'docs/trail-database.md',
      'docs/siem.md',
    ],
  },
  {
    title: 'Changing it',
    pages: ['ARCHITECTURE.md', 'CONTRIBUTING.md', 'docs/releasing.md', 'docs/dependencies.md'],
  },
]

/** Every page of the site, once. */
export function siteContents(): readonly Section[] {
  const listed = new Set(ORDERED.flatMap(({ pages }) => pages))
  const others = globSync('docs/*.md', { cwd: join(import.meta.dirname, '../..') }).filter((page) => !listed.has(page))
  return others.length === 0 ? ORDERED : [...ORDERED, { title: 'More', pages: others.toSorted() }]
}
