import { expect, test } from 'vitest'
import { lineGraph } from './line-graph.ts'

const linesOf = (svg: string): readonly string[] =>
  [...svg.matchAll(/<polyline [^>]*points="([^"]*)"/g)].map(([, points = '']) => points)

test('the highest value is below the top of the scale, 0 at its bottom', () => {
  const [points] = linesOf(lineGraph('Keys', [{ name: 'keys', values: [0, 14, 20] }]))
  expect(points).toBe('58.0,210.0 379.0,93.8 700.0,44.0')
})

test('a value that is missing breaks the line, and one between two of them is a dot', () => {
  const svg = lineGraph('Descriptors', [{ name: 'gateway 2', values: [30, 31, null, 33, null, 35, 36] }])
  expect(linesOf(svg)).toHaveLength(2)
  expect(svg.match(/<circle /g)).toHaveLength(1)
})

test('a graph of nothing but zeros, of one minute and of no minute is a graph', () => {
  for (const values of [[0, 0, 0], [0], []]) {
    const svg = lineGraph('Failures', [{ name: 'others', values }])
    expect(svg).not.toMatch(/NaN|Infinity/)
    expect(svg).toContain('others')
  }
})

test('what happened stands at its minute, in words that cannot end the document', () => {
  const svg = lineGraph('A <b> & c', [{ name: 'x', values: [1, 2, 3] }], [{ minute: 2, what: 'gateway 2 <killed>' }])
  expect(svg).toContain('<title>A &lt;b&gt; &amp; c</title>')
  expect(svg).toContain('x1="379.0"')
  expect(svg).toContain('minute 2: gateway 2 &lt;killed&gt;')
})
