import { type Context, createContext, useContext } from 'react'
import type { Me } from './api/answers.ts'

/** Who is signed in, below the page's frame. */
export const MeContext: Context<Me | null> = createContext<Me | null>(null)

export function useMe(): Me {
  const me = useContext(MeContext)
  if (me === null) throw new Error('useMe outside of the page frame')
  return me
}
