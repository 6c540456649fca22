// What Node's programs of the matrix share: attempts in, outcomes out (`LoginProgram` in driver.ts).
import { readFileSync } from 'node:fs'

const { GATEHOUSE_HOST, GATEHOUSE_PORT, GATEHOUSE_CA, GATEHOUSE_CERT, GATEHOUSE_KEY } = process.env

/** `login` gives, or rejects with why not, what runs a statement and resolves to the value of its first row, and what closes. */
export async function logins(login) {
  const [ca, cert, key] = [GATEHOUSE_CA, GATEHOUSE_CERT, GATEHOUSE_KEY].map((file) => readFileSync(file, 'utf8'))
  for (const line of readFileSync(0, 'utf8').split('\n').slice(0, -1)) {
    const [way, target, user, secret] = line.split('\t')
    const place = { way, host: GATEHOUSE_HOST, port: Number(GATEHOUSE_PORT), target, user, secret, ca, cert, key }
    say(way, target, ...(await outcome(login, place)))
  }
}

async function outcome(login, place) {
  let session
  try {
    session = await login(place)
  } catch (error) {
    return ['out', '', ...told(error)]
  }
  try {
    const value = await session.value('SELECT ssn FROM people WHERE id = 1')
    const refusal = await session.value('DROP TABLE people').then(() => ['', 'nothing was refused'], told)
    return ['in', value, ...refusal]
  } catch (error) {
    return ['in', '', ...told(error)]
  } finally {
    await session.close()
  }
}

/** Query builders and ORMs wrap the driver's error. */
function told(error) {
  const original = error?.meta?.driverAdapterError?.cause
  if (original?.originalCode) return [original.originalCode, `${original.originalMessage} ${original.hint ?? ''}`]
  const code = error?.errno ?? error?.code
  if (error?.cause && !Number(code)) return told(error.cause)
  if (error?.parent) return told(error.parent)
  return [code, `${error?.message ?? error} ${error?.hint ?? ''}`]
}

function say(...fields) {
  console.log(fields.map((field) => String(field ?? '').replaceAll(/\s+/g, ' ')).join('\t'))
}
