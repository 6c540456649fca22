import { createContext, type ReactNode, useCallback, useContext, useEffect, useState } from 'react'

export interface Notice {
  readonly tone: 'good' | 'bad' | 'plain'
  readonly text: string
}

const SHOWN_MILLISECONDS = 8_000

const Notify = createContext<(notice: Notice) => void>(() => {})

/** Says what became of something the reader did; it goes by itself, and screen readers hear it. */
export function useNotify(): (notice: Notice) => void {
  return useContext(Notify)
}

/** The place of notices, around the page. */
export function Notices({ children }: { readonly children: ReactNode }): ReactNode {
  const [notice, setNotice] = useState<Notice | null>(null)
  const notify = useCallback((said: Notice) => setNotice({ ...said }), [])
  useEffect(() => {
    if (notice === null) return undefined
    const timer = setTimeout(() => setNotice(null), SHOWN_MILLISECONDS)
    return () => clearTimeout(timer)
  }, [notice])
  return (
    <Notify value={notify}>
      {children}
      <div className="notices" role="status" aria-live="polite">
        {notice !== null && (
          <div className={`notice notice-${notice.tone}`}>
            <span>{notice.text}</span>
            <button type="button" aria-label="Close this notice" onClick={() => setNotice(null)}>
              ×
            </button>
          </div>
        )}
      </div>
    </Notify>
  )
}
