import { readdirSync } from 'node:fs'

/** The file name of a segment: `000001.jsonl` for the first. */
export const segmentName = (segment: number): string => `${String(segment).padStart(6, '0')}.jsonl`

/** The numbers of all segments in a directory, ascending. Other files are not looked at. Throws when it cannot be read. */
export function listSegments(directory: string): number[] {
  const segments: number[] = []
  for (const file of readdirSync(directory)) {
    const segment = /^[0-9]{6,9}\.jsonl$/.test(file) ? Number.parseInt(file, 10) : 0
    if (segment > 0 && segmentName(segment) === file) segments.push(segment)
  }
  return segments.sort((a, b) => a - b)
}
