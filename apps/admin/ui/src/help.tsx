import type { ReactNode } from 'react'
import { Dialog } from './dialog.tsx'

const KEYS: readonly (readonly [string, string])[] = [
  ['j  k', 'next, previous'],
  ['a', 'approve: opens the choice, Enter confirms'],
  ['r', 'refuse: opens the reason'],
  ['Space', 'in a replay: play, pause'],
  ['n  p', 'in a replay: next, previous refusal'],
  ['/', 'in the trail: search'],
  ['Esc', 'leaves what is open'],
  ['?', 'this help'],
]

/** What the keys do. */
export function Help({ open, onClose }: { readonly open: boolean; readonly onClose: () => void }): ReactNode {
  return (
    <Dialog open={open} title="Keys" onClose={onClose}>
      <dl className="keys">
        {KEYS.map(([keys, does]) => (
          <div key={keys}>
            <dt>
              {keys.split('  ').map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <p className="dim">
        In a statement, whatever a reader would not see or take for something else is named in a frame: invisible and
        bidirectional characters, and letters that look like others.
      </p>
    </Dialog>
  )
}
