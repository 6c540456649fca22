import type { ReactNode } from 'react'
import type { ShownPolicy } from '../api/answers.ts'
import { useLoaded } from '../api/loaded.ts'
import { Listed } from '../states.tsx'
import { Explain } from './explain.tsx'

/** The policy as it stands, and what it says of a statement. */
export function PolicyView(): ReactNode {
  const loaded = useLoaded<ShownPolicy>('v1/policy', [])
  return (
    <section className="wide" aria-label="Policy">
      <h1>Policy</h1>
      <Explain />
      <Listed
        loaded={loaded}
        isEmpty={({ text }) => text === ''}
        empty={
          <>
            <h2>No policy is shown</h2>
            <p>The service is not told which policy file the gateways run.</p>
          </>
        }
      >
        {({ text, version }) => (
          <section>
            <h2>
              The policy file <span className="dim">version {version}</span>
            </h2>
            <pre className="policy-text" tabIndex={0} role="region" aria-label="Policy text">
              {text.split('\n').map((line, index) => (
                <Line key={index} line={line} />
              ))}
            </pre>
          </section>
        )}
      </Listed>
    </section>
  )
}

function Line({ line }: { readonly line: string }): ReactNode {
  const [, indent = '', key = '', rest = line] = /^(\s*(?:- )*)([\w.-]+:)?(.*)$/.exec(line) ?? []
  const comment = /^\s*#/.test(line)
  return (
    <span className={comment ? 'policy-comment' : undefined}>
      {indent}
      {key !== '' && <span className="policy-key">{key}</span>}
      {rest}
      {'\n'}
    </span>
  )
}
