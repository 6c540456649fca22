/** What agents do in soaks and where sizes are measured: reads, masked reads, writes and transactions; both engines read it alike. */

const ROWS = Array.from({ length: 50 }, (_, at) => at + 1)

/** The tables it needs. */
export const MIXED_TABLES: string = `
CREATE TABLE stock (id int PRIMARY KEY, amount int);
INSERT INTO stock VALUES ${ROWS.map((id) => `(${String(id)}, ${String(id * 3)})`).join(', ')};
CREATE TABLE people (id int PRIMARY KEY, email varchar(60));
INSERT INTO people VALUES ${ROWS.map((id) => `(${String(id)}, 'person.${String(id)}@example.com')`).join(', ')};
CREATE TABLE journal (tag varchar(80));
`

/** The policy under which it may be done. */
export const MIXED_POLICY = `
rules:
  - name: agents
    who: { groups: [ai-agents] }
    allow: { actions: [select, insert, update, begin, commit, rollback, use], relations: ["*"], functions: ["*"], settings: ["*"] }
masks:
  - { columns: ['*.email'], with: email }
`

/** One round of it: one statement, or four in each fourth round. `tag` and a number stand in the text of each that touches a table. */
export function statementsOf(round: number, tag: string): readonly string[] {
  const literal = (at: number): string => `'${tag}_${String(at)}'`
  const id = String((round % 50) + 1)
  switch (round % 4) {
    case 0:
      return [`SELECT ${literal(0)} AS tag, id, amount FROM stock WHERE id = ${id}`]
    case 1:
      return [`SELECT ${literal(0)} AS tag, id, email FROM people WHERE id < 20 ORDER BY id`]
    case 2:
      return [`INSERT INTO journal (tag) VALUES (${literal(0)})`]
    default:
      return [
        'BEGIN',
        `INSERT INTO journal (tag) VALUES (${literal(0)})`,
        `SELECT ${literal(1)} AS tag, count(*) FROM stock WHERE amount > 10`,
        'COMMIT',
      ]
  }
}
