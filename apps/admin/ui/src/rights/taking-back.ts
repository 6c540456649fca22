import { useState } from 'react'
import { ApiError, write } from '../api/client.ts'
import { useNotify } from '../notices.tsx'

/** Deletes something of the service and says what became of it; `busy` is its path while that runs, null otherwise. */
export function useTakingBack(done: () => void): {
  readonly busy: string | null
  readonly takeBack: (path: string, said: string) => Promise<void>
} {
  const notify = useNotify()
  const [busy, setBusy] = useState<string | null>(null)
  const takeBack = async (path: string, said: string): Promise<void> => {
    setBusy(path)
    try {
      await write('DELETE', path, null)
      notify({ tone: 'good', text: said })
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      notify({ tone: 'bad', text: `${error.message} ${error.hint}`.trim() })
    } finally {
      setBusy(null)
      done()
    }
  }
  return { busy, takeBack }
}
