import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { render, renderedFile, stampOf, valueSets } from './render-chart.ts'

const helm = process.env['HELM'] ?? 'helm'

test.each(valueSets())('what was rendered with %s is of the chart as it is', (set) => {
  const [first] = readFileSync(renderedFile(set), 'utf8').split('\n')
  expect(first, 'node scripts/render-chart.ts renders it again').toBe(stampOf(set))
})

test.for(valueSets())('Helm renders the same with %s', (set, { skip }) => {
  if (spawnSync(helm, ['version']).status !== 0)
    skip('no helm on the path or in HELM: it comes from neither npm nor Debian')
  expect(render(set, helm)).toBe(readFileSync(renderedFile(set), 'utf8'))
})

test('values that do not fit the schema, drain times that do not fit each other, a balancer without addresses are not rendered', ({
  skip,
}) => {
  if (spawnSync(helm, ['version']).status !== 0)
    skip('no helm on the path or in HELM: it comes from neither npm nor Debian')
  const chart = `${import.meta.dirname}/../deploy/helm/gatehouse`
  const refusal = (...set: readonly string[]): string => {
    const values = set.flatMap((one) => ['--set', one])
    const args = ['template', 'g', chart, '--kube-version', '1.33.0', '-f', `${chart}/ci/small.yaml`, ...values]
    return spawnSync(helm, args, { encoding: 'utf8' }).stderr
  }
  expect(refusal('gateway.drainSecond=5')).toContain('drainSecond')
  expect(refusal('gateway.drainDelaySeconds=61')).toContain('may not be more')
  expect(refusal('service.nlb.enabled=true')).toContain('name the subnets')
  expect(refusal('image.repository=')).not.toBe('')
  expect(refusal('policy=')).toContain('without one nobody may do anything')
})
