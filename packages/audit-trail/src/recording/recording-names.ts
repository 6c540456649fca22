import { readdirSync } from 'node:fs'

/** The name of a file of recordings: `000001.recording` for the first. */
export const recordingName = (number: number): string => `${String(number).padStart(6, '0')}.recording`

/** The numbers of all files of recordings in a directory, ascending. Throws when it cannot be read. */
export function listRecordings(directory: string): number[] {
  return readdirSync(directory)
    .flatMap((file) => {
      const digits = /^(\d{6,15})\.recording$/.exec(file)?.[1]
      return digits === undefined || recordingName(Number(digits)) !== file ? [] : [Number(digits)]
    })
    .toSorted((one, other) => one - other)
}
