import { type Line, lineGraph, type Mark } from './line-graph.ts'
import type { Minute } from './report.ts'
import type { Held } from './watched-process.ts'

const MIB = 1024 * 1024

/** The minutes as graphs: file names without a folder, and SVG documents. */
export function graphsOf(minutes: readonly Minute[]): readonly { readonly name: string; readonly svg: string }[] {
  const marks = minutes.flatMap(({ minute, disturbances }): Mark[] =>
    disturbances.length === 0 ? [] : [{ minute, what: disturbances.join('; ') }],
  )
  const graph = (name: string, title: string, lines: readonly Line[]): { name: string; svg: string } => ({
    name: `soak-${name}.svg`,
    svg: lineGraph(title, lines, marks),
  })
  const line = (name: string, of: (minute: Minute) => number | null): Line => ({ name, values: minutes.map(of) })
  const gateways = [...(minutes[0]?.held.keys() ?? [])]
  const ofGateway = (gateway: number, what: string, of: (held: Held) => number): Line =>
    line(`gateway ${String(gateway + 1)}${what}`, ({ held }) => {
      const one = held[gateway] ?? null
      return one === null ? null : of(one)
    })
  return [
    graph('statements', 'Statements that ended well, by minute', [line('statements', ({ statements }) => statements)]),
    graph('failures', 'What did not end well, by minute and cause', [
      line('on the killed', ({ failures }) => failures.killed),
      line('on the rolled', ({ failures }) => failures.rolled),
      line('others', ({ failures }) => failures.other),
    ]),
    graph('memory', 'Memory in MiB, by minute; gateway 1 lived through all of it', [
      ...gateways.map((at) => ofGateway(at, ' resident', ({ residentBytes }) => residentBytes / MIB)),
      ofGateway(0, ' heap', ({ heapBytes }) => heapBytes / MIB),
    ]),
    graph(
      'descriptors',
      'Descriptors, by minute',
      gateways.map((at) => ofGateway(at, '', ({ descriptors }) => descriptors)),
    ),
    graph('redis-keys', 'Keys in Redis, by minute', [line('keys', ({ redisKeys }) => redisKeys)]),
  ]
}
