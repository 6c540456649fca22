import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

interface Findings {
  readonly passes: readonly unknown[]
  readonly violations: readonly {
    readonly id: string
    readonly impact: string | null
    readonly nodes: readonly { readonly html: string }[]
  }[]
}

/** What axe finds on the page that is serious or worse. */
export async function seriousFindings(page: Page): Promise<readonly string[]> {
  // Run from outside: the page's own policy lets nothing else in.
  await page.evaluate(axe)
  const { violations, passes } = await page.evaluate<Findings>('axe.run()')
  // A page that axe could not look at has no violations either.
  expect(passes.length).toBeGreaterThan(15)
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}
