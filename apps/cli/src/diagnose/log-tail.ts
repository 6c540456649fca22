import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { withoutSecrets } from '@gatehouse/core'

/** Most bytes of the end of a log. */
const TAIL_BYTES = 256 * 1024
/** What is kept of a line: fields that hold no name and no text of a client. */
const KEPT = ['level', 'time', 'msg', 'gateway', 'session', 'engine', 'code', 'setting', 'fault', 'approval', 'version']

/** The last lines of a gateway's log, of each line only what names nobody. A line that is no JSON is left out. */
export function logTail(file: string): string {
  const bytes = tailOf(file)
  const lines = bytes.toString('utf8').split('\n')
  return lines
    .flatMap((line) => {
      try {
        const fields = JSON.parse(line) as Readonly<Record<string, unknown>>
        const kept = Object.fromEntries(KEPT.flatMap((name) => (name in fields ? [[name, fields[name]]] : [])))
        return [withoutSecrets(JSON.stringify(kept))]
      } catch {
        return []
      }
    })
    .join('\n')
}

function tailOf(file: string): Buffer {
  const descriptor = openSync(file, 'r')
  try {
    const { size } = fstatSync(descriptor)
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES))
    return tail.subarray(0, readSync(descriptor, tail, 0, tail.length, size - tail.length))
  } finally {
    closeSync(descriptor)
  }
}
