/** One line of a graph: a value for each minute, from the first on; null breaks the line. */
export interface Line {
  readonly name: string
  readonly values: readonly (number | null)[]
}

/** A minute in which something happened, marked on every graph. */
export interface Mark {
  readonly minute: number
  readonly what: string
}

const WIDTH = 720
const HEIGHT = 240
const LEFT = 58
const RIGHT = 700
const TOP = 44
const BOTTOM = 210
const COLOURS = ['#1f6feb', '#2da44e', '#bf8700', '#cf222e']
const STEPS = 5

/** Lines over minutes as an SVG document; the scale begins at 0. Lines without a value are named in the legend all the same. */
export function lineGraph(title: string, lines: readonly Line[], marks: readonly Mark[] = []): string {
  const minutes = Math.max(2, ...lines.map(({ values }) => values.length))
  const top = roundUp(Math.max(0, ...lines.flatMap(({ values }) => values.map((value) => value ?? 0))))
  const x = (minute: number): string => (LEFT + ((minute - 1) / (minutes - 1)) * (RIGHT - LEFT)).toFixed(1)
  const y = (value: number): string => (BOTTOM - (value / top) * (BOTTOM - TOP)).toFixed(1)
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${String(WIDTH)} ${String(HEIGHT)}" font-family="sans-serif" font-size="12">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${String(WIDTH)}" height="${String(HEIGHT)}" fill="#fff"/>`,
    `<text x="${String(LEFT)}" y="16" fill="#222">${escaped(title)}</text>`,
  ]
  for (let step = 0; step <= STEPS; step++) {
    const at = y((top / STEPS) * step)
    parts.push(
      `<line x1="${String(LEFT)}" x2="${String(RIGHT)}" y1="${at}" y2="${at}" stroke="#ddd"/>` +
        `<text x="${String(LEFT - 6)}" y="${(Number(at) + 4).toFixed(1)}" text-anchor="end" fill="#444">${((top / STEPS) * step).toLocaleString('en-US')}</text>`,
    )
  }
  const every = Math.max(1, Math.ceil(minutes / 60) * 10)
  for (let minute = minutes < 20 ? 1 : every; minute <= minutes; minute += minutes < 20 ? 1 : every)
    parts.push(
      `<text x="${x(minute)}" y="${String(BOTTOM + 18)}" text-anchor="middle" fill="#444">${String(minute)}</text>`,
    )
  for (const { minute, what } of marks)
    parts.push(
      `<line x1="${x(minute)}" x2="${x(minute)}" y1="${String(TOP)}" y2="${String(BOTTOM)}" stroke="#bbb" stroke-dasharray="2 3"><title>${escaped(`minute ${String(minute)}: ${what}`)}</title></line>`,
    )
  let legend = LEFT
  for (const [at, { name, values }] of lines.entries()) {
    const colour = COLOURS[at % COLOURS.length] ?? '#000'
    for (const points of unbroken(values)) parts.push(stroke(points, x, y, colour))
    parts.push(
      `<rect x="${String(legend)}" y="24" width="10" height="10" fill="${colour}"/>` +
        `<text x="${String(legend + 14)}" y="33" fill="#222">${escaped(name)}</text>`,
    )
    legend += 30 + name.length * 7
  }
  return [...parts, '</svg>', ''].join('\n')
}

interface Point {
  readonly minute: number
  readonly value: number
}

/** A point that stands alone would be no line. */
function stroke(
  points: readonly Point[],
  x: (minute: number) => string,
  y: (value: number) => string,
  colour: string,
): string {
  const [first] = points
  if (first !== undefined && points.length === 1)
    return `<circle cx="${x(first.minute)}" cy="${y(first.value)}" r="2" fill="${colour}"/>`
  const text = points.map(({ minute, value }) => `${x(minute)},${y(value)}`).join(' ')
  return `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${text}"/>`
}

function unbroken(values: readonly (number | null)[]): readonly (readonly Point[])[] {
  const runs: Point[][] = [[]]
  for (const [at, value] of values.entries()) {
    if (value === null) runs.push([])
    else runs.at(-1)?.push({ minute: at + 1, value })
  }
  return runs.filter((points) => points.length > 0)
}

/** The next of 5, 10, 20, 50, 100 … that is not below: each fifth of it is short to write. */
function roundUp(value: number): number {
  let decade = 1
  while (decade * 10 < value) decade *= 10
  return (
    [5, 10].find((times) => times >= value) ??
    [1, 2, 2.5, 5, 10].map((times) => times * decade).find((one) => one >= value) ??
    value
  )
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
