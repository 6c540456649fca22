import { describe } from 'vitest'
import { DirectoryIndex } from './directory-index.ts'
import { promiseTrailIndex } from './testing/index-contract.ts'

describe('an index over directories', () => {
  promiseTrailIndex(async (trails) => new DirectoryIndex(trails.map(({ directory }) => directory)))
})
