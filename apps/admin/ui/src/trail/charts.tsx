import type { ReactNode } from 'react'
import type { Loaded } from '../api/loaded.ts'
import { ErrorNote } from '../states.tsx'
import { PlainText, StatementLine } from '../statement-text.tsx'
import { fullText } from '../text/moments.ts'
import { type Bar, barsOf, heatOf } from './bars.ts'
import type { TimeBucket, TrailSummary } from './records.ts'
import type { TrailQuery } from './trail-query.ts'

const WIDTH = 600
const HEIGHT = 120
const HELD_HEIGHT = 28
const HELD_AT = HEIGHT + 10
const MOST_SHAPES = 5

/** What was counted, as pictures: each has its numbers as a table beside it. */
export function Charts({
  loaded: { value, error, reload },
  onAsk,
}: {
  readonly loaded: Loaded<TrailSummary>
  readonly onAsk: (more: TrailQuery) => void
}): ReactNode {
  return (
    <>
      {error !== null && <ErrorNote error={error} onRetry={reload} />}
      {value !== null && value.statements > 0 && (
        <div className="charts">
          <OverTime summary={value} onAsk={onAsk} />
          <Shapes summary={value} onAsk={onAsk} />
          <Masked summary={value} onAsk={onAsk} />
        </div>
      )}
    </>
  )
}

interface ChartProps {
  readonly summary: TrailSummary
  readonly onAsk: (more: TrailQuery) => void
}

function OverTime({ summary: { overTime, bucketSeconds }, onAsk }: ChartProps): ReactNode {
  const { bars, most, mostHeld } = barsOf(overTime)
  const width = WIDTH / Math.max(1, bars.length)
  const sum = (name: 'statements' | 'refused' | 'failed' | 'held'): number =>
    overTime.reduce((so, bucket) => so + bucket[name], 0)
  const zoom = ({ from }: TimeBucket): void =>
    onAsk({ since: from, until: new Date(Date.parse(from) + bucketSeconds * 1000).toISOString() })
  const last = overTime.at(-1)
  return (
    <figure className="chart">
      <figcaption>
        <h2>Statements over time</h2>
        <span className="legend">
          <span className="legend-ran">ran</span>
          <span className="legend-failed">failed</span>
          <span className="legend-refused">refused</span>
          <span className="legend-held">held</span>
        </span>
      </figcaption>
      <svg
        viewBox={`0 0 ${String(WIDTH)} ${String(HELD_AT + HELD_HEIGHT)}`}
        role="img"
        aria-label={`${String(sum('statements'))} statements, of which ${String(sum('failed'))} failed, ${String(sum('refused'))} were refused and ${String(sum('held'))} held; at most ${String(most)} in ${spanText(bucketSeconds)}`}
      >
        <defs>
          <pattern id="refused-lines" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
            <rect className="bar-refused-ground" width="5" height="5" />
            <line className="bar-refused-line" x1="0" y1="0" x2="0" y2="5" strokeWidth="3" />
          </pattern>
          <pattern id="failed-dots" width="5" height="5" patternUnits="userSpaceOnUse">
            <rect className="bar-failed-ground" width="5" height="5" />
            <circle className="bar-failed-dot" cx="2.5" cy="2.5" r="1.2" />
          </pattern>
        </defs>
        <line className="axis" x1="0" x2={WIDTH} y1={HEIGHT} y2={HEIGHT} />
        {bars.map((bar, index) => (
          <BarOf key={bar.bucket.from} bar={bar} at={index * width} width={width} onClick={() => zoom(bar.bucket)} />
        ))}
      </svg>
      <p className="chart-ends dim">
        <span>{overTime[0] !== undefined && fullText(overTime[0].from)}</span>
        <span>
          at most {most.toLocaleString()} in {spanText(bucketSeconds)}
          {mostHeld > 0 && `, ${mostHeld.toLocaleString()} of them held`}
        </span>
        <span>
          {last !== undefined && fullText(new Date(Date.parse(last.from) + bucketSeconds * 1000).toISOString())}
        </span>
      </p>
      <details>
        <summary>As a table</summary>
        <div className="table-place" tabIndex={0} role="region" aria-label="Statements over time">
          <table>
            <thead>
              <tr>
                {['From', 'Statements', 'Failed', 'Refused', 'Held'].map((name) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {overTime
                .filter(({ statements, held }) => statements + held > 0)
                .map((bucket) => (
                  <tr key={bucket.from}>
                    <td data-name="From">
                      <button type="button" className="row-open" onClick={() => zoom(bucket)}>
                        {fullText(bucket.from)}
                      </button>
                    </td>
                    <td data-name="Statements">{bucket.statements.toLocaleString()}</td>
                    <td data-name="Failed">{bucket.failed.toLocaleString()}</td>
                    <td data-name="Refused">{bucket.refused.toLocaleString()}</td>
                    <td data-name="Held">{bucket.held.toLocaleString()}</td>
                  </tr>
                ))}
            </tbody>
          </table>
        </div>
      </details>
    </figure>
  )
}

function BarOf({
  bar: { bucket, pieces, held },
  at,
  width,
  onClick,
}: {
  readonly bar: Bar
  readonly at: number
  readonly width: number
  readonly onClick: () => void
}): ReactNode {
  const inner = Math.max(1, width - (width > 4 ? 1 : 0))
  return (
    <g onClick={onClick}>
      <title>{`${fullText(bucket.from)}: ${String(bucket.statements)} statements, ${String(bucket.failed)} failed, ${String(bucket.refused)} refused, ${String(bucket.held)} held`}</title>
      <rect className="bar-ground" x={at} y="0" width={width} height={HELD_AT + HELD_HEIGHT} />
      {pieces.map(({ kind, from, to }) => (
        <rect
          key={kind}
          className={`bar-${kind}`}
          x={at}
          y={HEIGHT - to * HEIGHT}
          width={inner}
          height={Math.max(1.5, (to - from) * HEIGHT)}
        />
      ))}
      {held > 0 && (
        <rect className="bar-held" x={at} y={HELD_AT} width={inner} height={Math.max(3, held * HELD_HEIGHT)} />
      )}
    </g>
  )
}

function Shapes({ summary: { shapes }, onAsk }: ChartProps): ReactNode {
  const most = Math.max(1, ...shapes.map(({ count }) => count))
  if (shapes.length === 0) return null
  return (
    <figure className="chart">
      <figcaption>
        <h2>Shapes that came most</h2>
      </figcaption>
      <ol className="shapes">
        {shapes.slice(0, MOST_SHAPES).map(({ fingerprint, text, count, refused }) => (
          <li key={fingerprint}>
            <button type="button" className="row-open" onClick={() => onAsk({ fingerprint })}>
              <StatementLine text={text} engine="postgres" most={120} />
            </button>
            <span className="shape-count">
              <span className="shape-bar" style={{ width: `${String((count / most) * 100)}%` }} />
              <span className="number">
                {count.toLocaleString()}
                {refused > 0 && <span className="shape-refused"> {refused.toLocaleString()} refused</span>}
              </span>
            </span>
          </li>
        ))}
      </ol>
    </figure>
  )
}

function Masked({ summary: { maskedBySubject }, onAsk }: ChartProps): ReactNode {
  if (maskedBySubject.length === 0) return null
  const heat = heatOf(maskedBySubject)
  return (
    <figure className="chart">
      <figcaption>
        <h2>Masked columns by principal</h2>
      </figcaption>
      <div className="heat-place" tabIndex={0} role="region" aria-label="Masked columns by principal">
        <table className="heat">
          <thead>
            <tr>
              <th scope="col">On behalf of</th>
              {heat.columns.map((column) => (
                <th key={column} scope="col">
                  <PlainText text={column} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {heat.subjects.map((subject) => (
              <tr key={subject}>
                <th scope="row">
                  <PlainText text={subject} />
                </th>
                {heat.columns.map((column) => {
                  const count = heat.count(subject, column)
                  return (
                    <td key={column} className={`number heat-${String(heat.level(subject, column))}`}>
                      {count === 0 ? (
                        <span className="dim">0</span>
                      ) : (
                        <button type="button" className="row-open" onClick={() => onAsk({ subject, masked: column })}>
                          {count.toLocaleString()}
                        </button>
                      )}
                    </td>
                  )
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {heat.left > 0 && <p className="dim">{heat.left.toLocaleString()} more pairs are not shown.</p>}
    </figure>
  )
}

function spanText(seconds: number): string {
  if (seconds < 120) return `${String(seconds)} s`
  if (seconds < 7200) return `${String(Math.round(seconds / 60))} min`
  return seconds < 172_800 ? `${String(Math.round(seconds / 3600))} h` : `${String(Math.round(seconds / 86_400))} days`
}
