/**
 * `node scripts/render-chart.ts`: renders the Helm chart for each file of `deploy/helm/gatehouse/ci` into `deploy/helm/rendered`, with the `helm`
 * of the path or of HELM. What is there is checked by `npm test` without Helm; the first line names what it was rendered from.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'

const HELM = resolve(import.meta.dirname, '../deploy/helm')
const CHART = join(HELM, 'gatehouse')
/** What the cluster is said to be: the oldest is in Chart.yaml. */
const KUBERNETES = '1.33.0'

/** The names of the sets of values. */
export function valueSets(): readonly string[] {
  return globSync('ci/*.yaml', { cwd: CHART })
    .map((file) => basename(file, '.yaml'))
    .toSorted()
}

/** The first line of what was rendered: it changes with the chart and with these values. */
export function stampOf(set: string): string {
  const hash = createHash('sha256')
  const files = globSync(['*.yaml', '*.json', 'templates/*'], { cwd: CHART }).toSorted()
  for (const file of [...files, `ci/${set}.yaml`]) hash.update(`${file}\n`).update(readFileSync(join(CHART, file)))
  return `# gatehouse with ci/${set}.yaml, rendered by scripts/render-chart.ts from ${hash.digest('hex')}`
}

/** Where what is rendered of a set is kept. */
export function renderedFile(set: string): string {
  return join(HELM, 'rendered', `${set}.yaml`)
}

/** Renders a set. Throws, with what Helm says, when it cannot be rendered, or there is no Helm. */
export function render(set: string, helm: string): string {
  const text = execFileSync(
    helm,
    ['template', 'gatehouse', CHART, '--namespace', 'gatehouse', '--kube-version', KUBERNETES].concat([
      '--values',
      join(CHART, `ci/${set}.yaml`),
    ]),
    { encoding: 'utf8' },
  )
  return `${stampOf(set)}\n${text}`
}

if (import.meta.main) {
  mkdirSync(join(HELM, 'rendered'), { recursive: true })
  for (const set of valueSets()) writeFileSync(renderedFile(set), render(set, process.env['HELM'] ?? 'helm'))
}
