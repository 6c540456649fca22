import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { DETECTORS, type Detector } from './detector.ts'
import { type LabelledText, readLabelledTexts } from './fixtures/labelled-text.ts'
import { labelledSeed, makeLabelledTexts } from './fixtures/make-labelled-texts.ts'
import { TextScanner } from './text-scanner.ts'

const texts = readLabelledTexts(readFileSync(new URL('fixtures/labelled-texts.jsonl', import.meta.url), 'utf8'))

interface Figures {
  labelled: number
  /** Values of which every byte was reported as what they are. */
  covered: number
  reported: number
  right: number
}

function measure(texts: readonly LabelledText[]): { figures: ReadonlyMap<Detector, Figures>; faults: string[] } {
  const scanner = new TextScanner(DETECTORS)
  const figures = new Map<Detector, Figures>(
    DETECTORS.map((detector) => [detector, { labelled: 0, covered: 0, reported: 0, right: 0 }]),
  )
  const faults: string[] = []
  for (const labelled of texts) {
    const found = scanned(scanner, labelled)
    for (const [start, end, detector] of labelled.spans) {
      const figure = figures.get(detector)
      if (figure === undefined) throw new Error(`no detector ${detector}`)
      figure.labelled++
      if (found.some((span) => span.detector === detector && span.start <= start && span.end >= end)) figure.covered++
      else faults.push(`missed ${detector}: ${labelled.text} -> ${JSON.stringify(found)} for ${start}-${end}`)
    }
    for (const span of found) {
      const figure = figures.get(span.detector)
      if (figure === undefined) continue
      figure.reported++
      const right = labelled.spans.some(
        ([start, end, detector]) => detector === span.detector && span.start < end && span.end > start,
      )
      if (right) figure.right++
      else faults.push(`wrong ${span.detector} in ${labelled.about}: ${labelled.text}`)
    }
  }
  return { figures, faults }
}

function scanned(scanner: TextScanner, { text }: LabelledText): { start: number; end: number; detector: Detector }[] {
  const bytes = Buffer.from(text)
  const count = scanner.scan(bytes, 0, bytes.length)
  return Array.from({ length: count }, (_, index) => {
    const detector = DETECTORS[scanner.spans.detectors[index] ?? 0]
    if (detector === undefined) throw new Error('a span without a detector')
    return { start: scanner.spans.starts[index] ?? 0, end: scanner.spans.ends[index] ?? 0, detector }
  })
}

test('the labelled texts are what their seed makes', () => {
  expect(texts).toEqual(makeLabelledTexts(labelledSeed))
})

test('every detector finds what the labelled texts hold, and little else', () => {
  expectFloors(texts)
})

test('and what other seeds make, which nothing was fitted to', () => {
  expectFloors([1, 2, 3, 4].flatMap((seed) => makeLabelledTexts(seed)))
})

function expectFloors(texts: readonly LabelledText[]): void {
  const { figures, faults } = measure(texts)
  if (process.env['SHOW_FAULTS'] === '1') console.log(faults.join('\n'))
  const empty = texts.filter(({ spans }) => spans.length === 0).length
  const table = [
    `${texts.length} texts, ${empty} of them with nothing in them`,
    'detector      values  precision  recall',
  ]
  for (const [detector, { labelled, covered, reported, right }] of figures) {
    const precision = (right / reported).toFixed(4)
    table.push(
      `${detector.padEnd(12)} ${String(labelled).padStart(7)}  ${precision}     ${(covered / labelled).toFixed(4)}`,
    )
  }
  console.log(table.join('\n'))
  for (const [detector, { labelled, covered, reported, right }] of figures) {
    expect(labelled, detector).toBeGreaterThanOrEqual(250)
    expect(right / reported, `precision of ${detector}`).toBeGreaterThanOrEqual(0.99)
    expect(covered / labelled, `recall of ${detector}`).toBeGreaterThanOrEqual(0.995)
  }
}
