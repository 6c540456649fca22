import { useState } from 'react'
import { ApiError, read } from '../api/client.ts'
import { type Loaded, useLoaded } from '../api/loaded.ts'
import { useNotify } from '../notices.tsx'
import type { TrailPage } from './records.ts'

/** A list that comes page by page. */
export interface Pages {
  /** What came so far; `next` as the last page has it. */
  readonly loaded: Loaded<TrailPage>
  readonly busy: boolean
  /** Asks for the next page. */
  readonly more: () => void
}

/** Asks for the first page of a path, and for more when told to. */
export function usePages(path: string): Pages {
  const first = useLoaded<TrailPage>(path, [])
  const [rest, setRest] = useState<{ readonly of: TrailPage | null; readonly pages: readonly TrailPage[] }>({
    of: null,
    pages: [],
  })
  const [busy, setBusy] = useState(false)
  const notify = useNotify()
  const later = rest.of === first.value ? rest.pages : []
  const last = later.at(-1) ?? first.value
  const more = async (): Promise<void> => {
    if (last === null || last.next === null || busy) return
    setBusy(true)
    try {
      const page = await read<TrailPage>(`${path}&cursor=${encodeURIComponent(last.next)}`)
      setRest({ of: first.value, pages: [...later, page] })
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      notify({ tone: 'bad', text: `${error.message} ${error.hint}`.trim() })
    } finally {
      setBusy(false)
    }
  }
  const value =
    first.value === null || last === null
      ? null
      : {
          records: [first.value, ...later].flatMap(({ records }) => records),
          next: last.next,
          unreadableLines: Math.max(first.value.unreadableLines, ...later.map((page) => page.unreadableLines)),
        }
  return { loaded: { ...first, value }, busy, more: () => void more() }
}
