/** For tests: a catalog with all that texts can be made entangled with. */
import { Catalog, type CatalogParts } from '../catalog.ts'
import { SAMPLE_PARTS, fn, relation } from './sample-catalog.ts'

const TEXT = 25

/** A new catalog, nothing in it read yet: the sample's, tables `users`, `orders`, `wide`, views that double, overloads. */
export function hostileCatalog(): Catalog {
  return new Catalog(hostileParts())
}

function hostileParts(): CatalogParts {
  const columns = Array.from({ length: 300 }, (_, index) => `c${index}`).join(' ')
  const overloads = ['public', 'other'].flatMap((schema) =>
    Array.from({ length: 80 }, (_, index) => fn(schema, 'over', [10_000 + index], 'stable')),
  )
  return {
    ...SAMPLE_PARTS,
    relations: [
      ...SAMPLE_PARTS.relations,
      relation('public', 'users', 'id name ssn email'),
      relation('public', 'orders', 'id user_id note total'),
      relation('public', 'wide', columns),
      ...doublingViews(),
    ],
    functions: [...SAMPLE_PARTS.functions, ...overloads],
    operators: Array.from({ length: 40 }, (_, index) => ({
      schema: 'public',
      name: '@+@',
      left: TEXT,
      right: 10_000 + index,
    })),
  }
}

/** A catalog with views `giant`, `giant1` to `giant4`, whose queries name all columns of `wide` so many times. */
export function giantView(times = 1500): Catalog {
  const parts = hostileParts()
  const stars = Array.from({ length: times }, () => 'wide').join(' || ')
  const views = ['', '1', '2', '3', '4'].map((number) =>
    relation('public', `giant${number}`, 'g', {
      kind: 'view',
      viewDefinition: `SELECT ${stars} AS g FROM public.wide`,
    }),
  )
  return new Catalog({ ...parts, relations: [...parts.relations, ...views] })
}

/** `double1` has the columns of `users` twice, each further one those of the one before twice. */
function doublingViews(): CatalogParts['relations'] {
  return Array.from({ length: 30 }, (_, index) => {
    const from = index === 0 ? 'users' : `double${index}`
    // No catalog says that a view has a million columns: those that would have too many say a few.
    const width = Math.min(4 * 2 ** (index + 1), 1600)
    const names = Array.from({ length: width }, (__, column) => `d${column}`).join(' ')
    return relation('public', `double${index + 1}`, names, {
      kind: 'view',
      viewDefinition: `SELECT a.*, b.* FROM public.${from} a, public.${from} b`,
    })
  })
}
